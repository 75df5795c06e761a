// Draws a page of the portal from what the server says; when it says nothing the page stays blank.
(async function () {
  "use strict";
  const main = document.getElementById("app");
  const get = async (url) => {
    const answer = await fetch(url, { headers: { Accept: "application/json" } });
    if (!answer.ok) throw new Error(answer.status);
    return answer.json();
  };
  const add = (name, text) => {
    const e = document.createElement(name);
    e.textContent = text;
    main.append(e);
    return e;
  };
  const [user, , items] = await Promise.all([get("/auth/oauth2/userinfo"), get("/theme"), get(main.dataset.source)]);
  main.textContent = "";
  add("h1", "Bonjour " + user.firstName + " " + user.lastName);
  for (const item of items.results) {
    const article = add("article", "");
    const title = document.createElement("h2");
    title.textContent = item.title;
    const text = document.createElement("p");
    text.textContent = item.text;
    article.append(title, text);
  }
  if (main.dataset.source.startsWith("/exercizer")) {
    const answer = document.createElement("textarea");
    const saved = add("p", "");
    main.insertBefore(answer, saved);
    const token = /XSRF-TOKEN=([^;]+)/.exec(document.cookie);
    setInterval(async () => {
      const sent = await fetch("/exercizer/copies/1", {
        method: "POST",
        headers: { "Content-Type": "application/json", "X-XSRF-TOKEN": token ? token[1] : "" },
        body: JSON.stringify({ answer: answer.value }),
      });
      saved.textContent = sent.ok ? "Enregistré" : "Votre copie n'a pas pu être enregistrée";
    }, 60000);
  }
})();
