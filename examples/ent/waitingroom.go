package ent

import (
	"fmt"
	"math"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// roomPath is where the redirecting waiting room stands.
const roomPath = "/file-attente"

// wait holds back a page until its reader's turn. It says whether it answered.
//
// A place is a signed cookie with a number and the instant of its turn, so that
// the room remembers nobody and the order of the numbers is that of the turns.
func (e *ENT) wait(x *exchange) (Answer, bool) {
	now := time.Now()
	number, turn, ok := e.place(x.r)
	if ok && now.Sub(turn) > e.cfg.SessionIdle { // let in long ago: good for as long as the session
		s, _ := e.session(x.r)
		ok = s != nil
	}
	if !ok {
		number, turn = e.room.place(now, x.m.WaitingRoom.Rate)
		e.counters.waited.Add(1)
		e.setCookie(x.w, placeCookie, e.placeValue(number, turn), "; HttpOnly")
	}
	inRoom := x.r.URL.Path == roomPath
	back := e.back(x.r, x.r.URL.Query().Get("retour"))
	switch {
	case !turn.After(now) && inRoom:
		redirect(x.w, back)
		return Served, true
	case !turn.After(now):
		return 0, false
	case x.m.WaitingRoom.Redirect && !inRoom:
		redirect(x.w, roomPath+"?retour="+url.QueryEscape(x.r.URL.RequestURI()))
	default:
		e.sendRoom(x, number, turn.Sub(now))
	}
	return WaitingPage, true
}

func (e *ENT) sendRoom(x *exchange, number uint64, left time.Duration) {
	poll, refresh := seconds(x.m.WaitingRoom.poll()), ""
	if x.m.WaitingRoom.Redirect {
		x.w.Header()["Refresh"] = []string{poll + "; url=" + x.r.URL.RequestURI()}
	} else {
		refresh = `<meta http-equiv="refresh" content="` + poll + `">`
	}
	ahead := int(math.Ceil(left.Seconds() * x.m.WaitingRoom.Rate))
	sendString(x.w, x.r, http.StatusOK, typeHTML, e.pages.room.fill("portal", e.cfg.Name, "html refresh", refresh,
		"number", strconv.FormatUint(number, 10), "ahead", itoa(ahead),
		"wait", fmt.Sprintf("%d min", int(math.Ceil(left.Minutes())))))
}

func (e *ENT) placeValue(number uint64, turn time.Time) string {
	v := strconv.FormatUint(number, 10) + "." + strconv.FormatInt(int64(turn.Sub(e.created)), 10)
	return v + "." + e.sign("place "+v)
}

// place reads the reader's place, if it is one given here.
func (e *ENT) place(r *http.Request) (number uint64, turn time.Time, ok bool) {
	c, err := r.Cookie(placeCookie)
	if err != nil {
		return 0, turn, false
	}
	i := strings.LastIndexByte(c.Value, '.')
	if i < 0 || c.Value[i+1:] != e.sign("place "+c.Value[:i]) {
		return 0, turn, false
	}
	n, at, _ := strings.Cut(c.Value[:i], ".")
	number, err1 := strconv.ParseUint(n, 10, 64)
	since, err2 := strconv.ParseInt(at, 10, 64)
	return number, e.created.Add(time.Duration(since)), err1 == nil && err2 == nil
}
