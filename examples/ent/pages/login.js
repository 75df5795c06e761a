// Draws the login form, as the portal's framework does: the page itself has none.
(async function () {
  "use strict";
  const main = document.getElementById("login");
  const answer = await fetch(main.getAttribute("template"));
  if (!answer.ok) return; // and the page stays blank
  main.innerHTML = await answer.text();
  const error = /error='(.*)'/.exec(main.getAttribute("ng-init"));
  if (error && error[1]) {
    const p = document.getElementById("error");
    p.textContent = error[1];
    p.hidden = false;
  }
  const back = new URLSearchParams(location.search).get("callback");
  if (back) document.querySelector("[name=callBack]").value = back;
})();
