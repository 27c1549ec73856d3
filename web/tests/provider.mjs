// A sign-in provider for tests: `oidc-provider`, with a person who signs in by themselves, and a door for the tests
// (another port) that says who that is, and has the provider's own key sign what no provider would.
import { createServer } from "node:http";
import { createHmac, generateKeyPairSync, sign } from "node:crypto";
import { Provider } from "oidc-provider";

const [clientId, clientSecret, deviceClientId, redirect] = process.argv.slice(2);

const keyOf = (kid) => {
  const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  return { privateKey, jwk: { ...privateKey.export({ format: "jwk" }), kid, use: "sig", alg: "RS256" } };
};
const [first, second, unknown] = ["first", "second", "unknown"].map(keyOf);
const publicPart = ({ jwk: { kty, n, e, kid, use, alg } }) => ({ kty, n, e, kid, use, alg });

// What the tests have asked for.
const asked = { person: "s-researcher", amr: ["pwd", "mfa"], twist: null, rotated: false };

const b64 = (value) => Buffer.from(typeof value === "string" ? value : JSON.stringify(value)).toString("base64url");

/** A token with these claims, signed in one way or another. */
function forge(claims, how = "first") {
  // `borrowed`: signed by a key of nobody's under the name of the provider's.
  const keys = { first, second, unknown, borrowed: { ...unknown, jwk: first.jwk } };
  const alg = how === "none" ? "none" : how === "shared" ? "HS256" : "RS256";
  const head = b64({ alg, ...(keys[how] ? { kid: keys[how].jwk.kid } : {}) });
  const signed = `${head}.${b64(claims)}`;
  if (how === "none") return `${signed}.`;
  if (how === "shared") return `${signed}.${createHmac("sha256", clientSecret).update(signed).digest("base64url")}`;
  return `${signed}.${sign("sha256", Buffer.from(signed), keys[how].privateKey).toString("base64url")}`;
}

const listen = (server, port = 0) =>
  new Promise((done) => server.listen(port, "127.0.0.1", () => done(server.address().port)));

// The issuer names its port: the server is there before the provider is made.
let handle = (_, response) => response.end();
const server = createServer((request, response) => handle(request, response));
const issuer = `http://127.0.0.1:${await listen(server)}`;

const provider = new Provider(issuer, {
  clients: [
    {
      client_id: clientId,
      client_secret: clientSecret,
      redirect_uris: [redirect],
      grant_types: ["authorization_code"],
      response_types: ["code"],
    },
    {
      client_id: deviceClientId,
      token_endpoint_auth_method: "none",
      grant_types: ["urn:ietf:params:oauth:grant-type:device_code"],
      redirect_uris: [],
      response_types: [],
    },
  ],
  jwks: { keys: [first.jwk] },
  cookies: { keys: ["a key of a test"] },
  pkce: { required: () => true },
  conformIdTokenClaims: false,
  claims: { openid: ["sub", "amr"] },
  features: { deviceFlow: { enabled: true }, devInteractions: { enabled: false } },
  interactions: { url: (_, interaction) => `/interaction/${interaction.uid}` },
  findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id, amr: asked.amr }) }),
  async loadExistingGrant(ctx) {
    const grant = new ctx.oidc.provider.Grant({
      clientId: ctx.oidc.client.clientId,
      accountId: ctx.oidc.session.accountId,
    });
    grant.addOIDCScope("openid");
    await grant.save();
    return grant;
  },
});

provider.use(async (ctx, next) => {
  await next();
  if (asked.rotated && ctx.path === "/jwks") ctx.body = { keys: [publicPart(first), publicPart(second)] };
  if (asked.twist && ctx.path === "/token" && ctx.body?.id_token) {
    const claims = JSON.parse(Buffer.from(ctx.body.id_token.split(".")[1], "base64url"));
    ctx.body = { ...ctx.body, id_token: forge({ ...claims, ...asked.twist.claims }, asked.twist.how) };
  }
});

const callback = provider.callback();
handle = async (request, response) => {
  if (!request.url.startsWith("/interaction/")) return callback(request, response);
  const details = await provider.interactionDetails(request, response);
  const result = details.prompt.name === "login" ? { login: { accountId: asked.person, amr: asked.amr } } : { consent: {} };
  await provider.interactionFinished(request, response, result, { mergeWithLastSubmission: false });
};

// The tests' door.
const control = createServer(async (request, response) => {
  let text = "";
  for await (const chunk of request) text += chunk;
  const body = text ? JSON.parse(text) : {};
  if (request.url === "/forge") {
    response.end(forge(body.claims, body.how));
  } else {
    Object.assign(asked, body);
    response.end("{}");
  }
});
const port = await listen(control);
// With the test that started it, it ends.
process.stdin.resume().on("end", () => process.exit(0));
console.log(JSON.stringify({ issuer, control: `http://127.0.0.1:${port}` }));
