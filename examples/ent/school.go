package ent

import "net/http"

// schoolCalls are the answers that are the same for everybody: what the pages'
// scripts ask for after the login, and the contents of a school day.
var schoolCalls = map[string]string{
	"/theme":  `{"template":"/public/template/","logoutCallback":"/","skin":"/assets/themes/ode/skins/default/","themeUrl":"/assets/themes/ode/","userbookMood":true}`,
	"/locale": `{"locale":"fr"}`,
	"/skin":   `{"skin":"/assets/themes/ode/skins/default/"}`,
	"/timeline/i18n": `{"timeline.title":"Fil de nouveautés","timeline.empty":"Rien de nouveau","portal.homeworks":"Cahier de textes",
"portal.messages":"Messagerie","portal.exercises":"Exercices","portal.schedule":"Emploi du temps","portal.logout":"Déconnexion"}`,
	"/timeline/types":                   `["HOMEWORKS","MESSAGERIE","EXERCIZER","NEWS","SCHOOLBOOK"]`,
	"/timeline/registeredNotifications": `[{"type":"HOMEWORKS","eventType":"CREATE"},{"type":"MESSAGERIE","eventType":"SEND"},{"type":"NEWS","eventType":"PUBLISH"}]`,
	"/timeline/calendar":                `{"events":[]}`,
	"/timeline/lastNotifications": `{"status":"ok","number":3,"results":[
{"title":"Mathématiques","text":"M. Benali a ajouté un travail : exercices 12 à 15, page 84.","date":"2021-04-06T07:42:00Z"},
{"title":"Vie scolaire","text":"Organisation de la semaine du 5 avril : cours à distance dès 9 h.","date":"2021-04-02T15:30:00Z"},
{"title":"Français","text":"Mme Roux vous a envoyé un message : lire le chapitre 3 avant jeudi.","date":"2021-04-02T10:05:00Z"}]}`,
	"/userbook/person/birthday": `[]`,
	"/userbook/preference/":     `{"preference":"{}"}`,
	"/conversation/count/INBOX": `{"count":2}`,
	"/applications-list":        `{"apps":[{"name":"homeworks","address":"/homeworks"},{"name":"conversation","address":"/conversation/conversation"},{"name":"exercizer","address":"/exercizer"},{"name":"edt","address":"/edt"},{"name":"workspace","address":"/workspace/workspace"}]}`,
	"/workspace/quota/user/":    `{"quota":1073741824,"storage":52428800}`,
	"/workspace/documents":      `[{"name":"Fiche-revision-Pythagore.pdf","size":248311},{"name":"Carte-Europe.png","size":96120}]`,
	"/directory/userbook/":      `{"mood":"default","health":"","motto":"","picture":"/assets/img/avatar.png"}`,
	"/public/template/":         `{"template":"portal"}`,
	"/homeworks/list": `{"status":"ok","results":[
{"id":1,"title":"Mathématiques","text":"Exercices 12 à 15 page 84. Théorème de Pythagore : revoir la fiche.","due":"2021-04-08"},
{"id":2,"title":"Histoire-géographie","text":"Compléter la carte de l'Europe et répondre aux questions 1 à 4.","due":"2021-04-08"},
{"id":3,"title":"Anglais","text":"Learn the irregular verbs, list 3. Classe virtuelle mardi à 10 h.","due":"2021-04-09"},
{"id":4,"title":"SVT","text":"Lire le document sur les plaques tectoniques.","due":"2021-04-12"}]}`,
	"/homeworks/": `{"id":1,"title":"Mathématiques","text":"Exercices 12 à 15 page 84. Théorème de Pythagore : revoir la fiche.","due":"2021-04-08","attachments":["Fiche-revision-Pythagore.pdf"]}`,
	"/edt/courses": `{"results":[
{"title":"09:00 Mathématiques","text":"M. Benali, classe virtuelle"},{"title":"10:00 Anglais","text":"Mme Girard, classe virtuelle"},
{"title":"11:00 Français","text":"Mme Roux, travail en autonomie"},{"title":"14:00 SVT","text":"M. Leroy, classe virtuelle"}]}`,
	"/conversation/list/INBOX": `{"results":[
{"id":1,"title":"Mme Roux","text":"Lecture pour jeudi","unread":true},{"id":2,"title":"M. Benali","text":"Lien de la classe virtuelle de 9 h","unread":true},
{"id":3,"title":"Vie scolaire","text":"Semaine du 5 avril","unread":false}]}`,
	"/conversation/message/": `{"id":1,"from":"Mme Roux","subject":"Lecture pour jeudi","body":"<p>Bonjour à tous, merci de lire le chapitre 3 avant jeudi et de noter vos questions. Bon courage.</p>"}`,
	"/exercizer/subjects":    `{"results":[{"id":1,"title":"Contrôle : théorème de Pythagore","text":"Durée 40 minutes. Votre copie est enregistrée chaque minute."}]}`,
}

// save is one automatic save of an exercise, the work a failing portal loses.
func (e *ENT) save(x *exchange) Answer {
	if e.draw(drawExerciseLost, x.m.ExerciseLost) {
		if c, err := x.r.Cookie(sessionCookie); err == nil {
			e.sessions.take(c.Value)
		}
		sendString(x.w, x.r, http.StatusUnauthorized, typeJSON, `{"error":"unauthorized"}`)
		return ExerciseFailed
	}
	if e.draw(drawExerciseError, x.m.ExerciseError) {
		sendString(x.w, x.r, http.StatusInternalServerError, typeJSON, `{"error":"exercizer.save.error"}`)
		return ExerciseFailed
	}
	e.counters.saves.Add(1)
	sendString(x.w, x.r, http.StatusOK, typeJSON, `{"saved":true}`)
	return Served
}

func (e *ENT) created201(x *exchange) Answer {
	sendString(x.w, x.r, http.StatusCreated, typeJSON, `{"id":"`+token()+`"}`)
	return Served
}
