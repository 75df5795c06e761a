package bus

import (
	"time"

	"github.com/nats-io/nats-server/v2/server"

	"firstbell/runner/fleet/keys"
)

// users gives everybody in the roster what they need and no more. A subject that
// is not listed is refused.
func users(r *keys.Roster, account *server.Account) []*server.NkeyUser {
	list := []*server.NkeyUser{
		{Nkey: r.Coordinator.Coordinator.Sign, Permissions: coordinatorMay(r.Fleet), Account: account},
		{Nkey: r.Operator.Sign, Permissions: operatorMay(r.Fleet), Account: account},
	}
	for _, w := range r.Workers {
		list = append(list, &server.NkeyUser{Nkey: w.Sign, Permissions: workerMay(r.Fleet, w.Name), Account: account})
	}
	return list
}

// workerMay: speak up, store its own results, read its own bucket. It makes no
// consumer: a consumer delivers wherever its maker says, also where the maker may
// not publish. It reads by direct get instead, which answers into its own inbox.
func workerMay(fleet, w string) *server.Permissions {
	bucket := bucketName(fleet, w)
	return &server.Permissions{
		Publish: allow(
			"fb."+fleet+".up."+w+".>",
			resultsSubject(fleet, w),
			directGet(resultsStream(fleet), resultsSubject(fleet, w)), // the last record of its own
			directGet(bucketStream(bucket), metaSubject(bucket, "*")),
			directGetBody(bucketStream(bucket)),
		),
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
			"_INBOX."+fleet+".>"),
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
