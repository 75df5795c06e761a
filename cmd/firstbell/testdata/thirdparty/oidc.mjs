// npm's oidc-provider with a login form and a consent page, ids in every path,
// and a small portal behind it. Prints its addresses as one line of JSON; ends
// when its standard input does. FIRSTBELL_NODE_MODULES says where the modules are.
//
// GET /truth at the portal tells what was really served; with ?faults=1 the
// identity provider then misbehaves by the person's number (see refuse).
import { createRequire } from 'node:module';
import { createHash, randomBytes } from 'node:crypto';
import { createServer, request } from 'node:http';
import { pathToFileURL } from 'node:url';

const modules = process.env.FIRSTBELL_NODE_MODULES;
const require = createRequire(`${modules}/index.js`);
const { Provider } = await import(pathToFileURL(require.resolve('oidc-provider')));
const express = require('express');

const listen = (host) => new Promise((done) => {
  const server = createServer().listen(0, host, 4096, () => done([server, `http://${host}:${server.address().port}`]));
  server.keepAliveTimeout = 4000;
});
const [idpServer, idp] = await listen('127.0.0.2');
const [portalServer, portal] = await listen('127.0.0.3');

const truth = { home: {}, consent: {}, quota: {}, down: {}, lost: {}, expired: {}, wrong: {} };
const count = (what, login) => { truth[what][login] = (truth[what][login] || 0) + 1; };
let faults = false;

// The module's own store in memory forgets all but the last thousand entries.
class Store {
  static all = new Map();
  static uids = new Map();
  constructor(kind) { this.kind = kind; }
  key(id) { return `${this.kind}:${id}`; }
  async upsert(id, payload) { Store.all.set(this.key(id), payload); if (payload.uid) Store.uids.set(payload.uid, id); }
  async find(id) { return Store.all.get(this.key(id)); }
  async findByUid(uid) { return this.find(Store.uids.get(uid)); }
  async consume(id) { const p = Store.all.get(this.key(id)); if (p) p.consumed = Math.floor(Date.now() / 1000); }
  async destroy(id) { Store.all.delete(this.key(id)); }
  async revokeByGrantId() {}
  async findByUserCode() {}
}

const provider = new Provider(idp, {
  adapter: Store,
  clients: [{ client_id: 'portal', client_secret: 'portal-secret', redirect_uris: [`${portal}/callback`], grant_types: ['authorization_code'], response_types: ['code'] }],
  cookies: { keys: [randomBytes(8).toString('hex')] },
  findAccount: (ctx, id) => ({ accountId: id, claims: () => ({ sub: id }) }),
  features: { devInteractions: { enabled: false } },
  interactions: { url: (ctx, interaction) => `/interaction/${interaction.uid}` },
  ttl: { Interaction: 600, Session: 600, Grant: 600, AccessToken: 600, AuthorizationCode: 60, IdToken: 600 },
});

const page = (title, body) => `<!DOCTYPE html><html><head><meta charset="utf-8"><title>${title}</title></head><body><h1>${title}</h1>${body}</body></html>`;
const form = (uid, said) => page('Connexion', `${said}
  <form class="search" action="/search"><input name="q"></form>
  <form action="/interaction/${uid}/login" method="post"><input type="hidden" name="prompt" value="login">
  <input name="login"><input type="password" name="password"><button>Entrer</button></form>`);

// refuse is the fault of this person, if any: the class each must end in is in
// the test. The same person is treated well at a second login.
function refuse(res, uid, login) {
  const n = Number(login.replace('eleve', ''));
  const fault = ['', 'quota', 'down', 'lost', 'expired', ''][n % 6];
  if (!faults || !fault || truth[fault][login]) return false;
  count(fault, login);
  if (fault === 'quota') res.send(page('Portail', '<p>Le nombre maximal de connexions est atteint, revenez plus tard</p>'));
  if (fault === 'down') res.status(503).send(page('Service indisponible', ''));
  if (fault === 'lost') res.send(form(uid, '<p class="error">Mot de passe incorrect</p>'));
  if (fault === 'expired') res.send(form(uid, '<p class="error">Votre session a expir&eacute;</p>'));
  return true;
}

const app = express();
const body = express.urlencoded({ extended: false });
const safely = (f) => (req, res, next) => f(req, res).catch(next);
app.get('/interaction/:uid', safely(async (req, res) => {
  const { uid, prompt, session } = await provider.interactionDetails(req, res);
  if (prompt.name === 'login') return res.send(form(uid, ''));
  return res.send(page('Autoriser', `<p>${session.accountId}</p><form action="/interaction/${uid}/confirm" method="post">
    <input type="hidden" name="prompt" value="consent"><button>Continuer</button></form><a href="/interaction/${uid}/abort">Annuler</a>`));
}));
app.post('/interaction/:uid/login', body, safely(async (req, res) => {
  await provider.interactionDetails(req, res);
  const { login, password } = req.body;
  if (!/^eleve\d+$/.test(login) || password !== `secret-${login}`) {
    count('wrong', login);
    return res.send(form(req.params.uid, '<p class="error">Mot de passe incorrect</p>'));
  }
  if (refuse(res, req.params.uid, login)) return undefined;
  return provider.interactionFinished(req, res, { login: { accountId: login } });
}));
app.post('/interaction/:uid/confirm', safely(async (req, res) => {
  const { prompt: { details }, session, params } = await provider.interactionDetails(req, res);
  const grant = new provider.Grant({ accountId: session.accountId, clientId: params.client_id });
  if (details.missingOIDCScope) grant.addOIDCScope(details.missingOIDCScope.join(' '));
  count('consent', session.accountId);
  await provider.interactionFinished(req, res, { consent: { grantId: await grant.save() } }, { mergeWithLastSubmission: true });
}));
app.use(provider.callback());
idpServer.on('request', app);

// The portal: its session, and the code exchanged with the provider.
const exchange = (code, verifier) => new Promise((done, fail) => {
  const r = request(`${idp}/token`, { method: 'POST', agent: false, auth: 'portal:portal-secret', headers: { 'Content-Type': 'application/x-www-form-urlencoded' } }, (res) => {
    let text = '';
    res.on('data', (b) => { text += b; }).on('end', () => done(JSON.parse(text)));
  });
  r.on('error', fail).end(new URLSearchParams({ grant_type: 'authorization_code', code, code_verifier: verifier, redirect_uri: `${portal}/callback` }).toString());
});
const pending = new Map();
const sessions = new Map();
const site = express();
const cookie = (req) => /(?:^|; )SID=([^;]+)/.exec(req.headers.cookie || '')?.[1];
site.get('/truth', (req, res) => {
  const now = Object.fromEntries(Object.entries(truth).map(([k, v]) => [k, Object.keys(v)]));
  if (req.query.faults !== undefined) {
    faults = req.query.faults === '1';
    for (const k of Object.keys(truth)) truth[k] = {};
  }
  res.json(now);
});
site.get('/', (req, res) => {
  const login = sessions.get(cookie(req));
  if (login) { count('home', login); return res.send(page('Portail', `<p>Bonjour ${login}</p>`)); }
  const [state, verifier] = [randomBytes(16).toString('base64url'), randomBytes(32).toString('base64url')];
  pending.set(state, verifier);
  return res.redirect(`${idp}/auth?${new URLSearchParams({ client_id: 'portal', response_type: 'code', scope: 'openid', redirect_uri: `${portal}/callback`, state, code_challenge: createHash('sha256').update(verifier).digest('base64url'), code_challenge_method: 'S256' })}`);
});
site.get('/callback', safely(async (req, res) => {
  const verifier = pending.get(req.query.state);
  pending.delete(req.query.state);
  const { id_token: token } = await exchange(req.query.code, verifier);
  const sid = randomBytes(16).toString('base64url');
  sessions.set(sid, JSON.parse(Buffer.from(token.split('.')[1], 'base64url')).sub);
  res.set('Set-Cookie', `SID=${sid}; Path=/; HttpOnly`).redirect(303, '/');
}));
portalServer.on('request', site);

console.log(JSON.stringify({ portal, idp }));
process.stdin.resume().on('end', () => process.exit(0));
