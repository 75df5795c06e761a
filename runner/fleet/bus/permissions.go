package bus

import (
	"errors"
	"time"

	"github.com/nats-io/nats-server/v2/server"

	"firstbell/runner/fleet/keys"
)

// users gives everybody in the roster what they need and no more. A subject that
// is not listed is refused.
func users(r *keys.Roster, app *server.Account, rooms []*server.Account) []*server.NkeyUser {
	list := []*server.NkeyUser{
		{Nkey: r.Coordinator.Coordinator.Sign, Permissions: coordinatorMay(r.Fleet), Account: app},
		{Nkey: r.Operator.Sign, Permissions: operatorMay(r.Fleet), Account: app},
	}
	for i, w := range r.Workers {
		list = append(list, &server.NkeyUser{Nkey: w.Sign, Permissions: workerMay(r.Fleet, w.Name), Account: rooms[i]})
	}
	return list
}

// roomsOf gives each worker an account of its own, joined to the fleet's by its own
// subjects only. Permissions are not enough: the server answers a stored message or a
// direct get to whatever reply address the sender names, in the server's own name,
// also to $JS.API.STREAM.DELETE, to another's results or to another's orders. Between
// accounts it replaces that address by one of its own, and the answer comes back into
// the account that asked: a worker can only write to itself.
func roomsOf(r *keys.Roster, app *server.Account) ([]*server.Account, error) {
	var errs []error
	try := func(err error) { errs = append(errs, err) }
	f := "fb." + r.Fleet
	for _, s := range []string{f + ".up.*.*", resultsSubject(r.Fleet, "*"), "$JS.API.DIRECT.GET.>"} {
		try(app.AddServiceExport(s, nil))
	}
	try(app.AddStreamExport(f+".down.*.tick", nil))
	try(app.AddStreamExport(f+".all.*", nil))
	rooms := make([]*server.Account, len(r.Workers))
	for i, w := range r.Workers {
		room := server.NewAccount(account + "_" + w.Name)
		for _, s := range asks(r.Fleet, w.Name) {
			try(room.AddServiceImport(app, s, ""))
		}
		try(room.AddStreamImport(app, f+".down."+w.Name+".tick", ""))
		try(room.AddStreamImport(app, f+".all.*", ""))
		order := f + ".down." + w.Name + ".order"
		try(room.AddServiceExport(order, nil))
		try(app.AddServiceImport(room, order, ""))
		rooms[i] = room
	}
	return rooms, errors.Join(errs...)
}

// asks is all that a worker sends, but for its answers: it speaks up, stores its own
// results, and reads its own bucket and the last record of its own.
func asks(fleet, w string) []string {
	bucket := bucketName(fleet, w)
	return []string{
		"fb." + fleet + ".up." + w + ".*",
		resultsSubject(fleet, w),
		directGet(resultsStream(fleet), resultsSubject(fleet, w)),
		directGet(bucketStream(bucket), metaSubject(bucket, "*")),
		directGetBody(bucketStream(bucket)),
	}
}

// workerMay: what it asks, and to hear what is for it. It makes no consumer: a
// consumer delivers wherever its maker says. It reads by direct get instead.
func workerMay(fleet, w string) *server.Permissions {
	return &server.Permissions{
		Publish:   allow(asks(fleet, w)...),
		Subscribe: allow("fb."+fleet+".down."+w+".>", "fb."+fleet+".all.>", inboxPrefix(fleet, w)+".>"),
		Response:  replies(),
	}
}

func operatorMay(fleet string) *server.Permissions {
	return &server.Permissions{
		Publish:   allow("fb." + fleet + ".op.*"),
		Subscribe: allow(inboxPrefix(fleet, keys.NameOperator) + ".>"),
	}
}

// coordinatorMay: everything of its own fleet, streams included, and nothing of
// the server.
func coordinatorMay(fleet string) *server.Permissions {
	return &server.Permissions{
		Publish: allow("fb."+fleet+".down.>", "fb."+fleet+".all.>", "$JS.API.>", "$JS.ACK.>", "$JS.FC.>", "$O.>",
			"_INBOX."+fleet+".>", accountReply+">"),
		Subscribe: allow("fb."+fleet+".up.>", "fb."+fleet+".op.*", inboxPrefix(fleet, keys.NameCoordinator)+".>"),
	}
}

func allow(subjects ...string) *server.SubjectPermission {
	return &server.SubjectPermission{Allow: subjects}
}

// replies lets a worker answer an order, once, however long its preparation takes.
func replies() *server.ResponsePermission {
	return &server.ResponsePermission{MaxMsgs: 1, Expires: time.Hour}
}
