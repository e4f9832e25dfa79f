// An OpenID Connect issuer on a free loopback port: node issuer.js REDIRECT_URI [KIND]. It prints its
// address, and accepts any user name.
//
// KIND is one of these:
// - usual: the claims are in the ID token, and the secret is in the header.
// - strict: the claims are only at the userinfo endpoint, and the secret is in the body.
// - tenant: the issuer has a path, names have capitals, and /common and /moved are not the issuer.
import { createServer } from "node:http";
import Provider from "oidc-provider";

const [redirectUri, kind = "usual"] = process.argv.slice(2);
const path = kind === "tenant" ? "/tenant/v2.0" : "";
const capital = (text) => text.charAt(0).toUpperCase() + text.slice(1);
const claimsOf = {
  usual: (id) => ({ preferred_username: id }),
  strict: (id) => ({ email: `${capital(id)}@Example.org`, email_verified: id !== "mallory" }),
  tenant: (id) => ({ preferred_username: `${capital(id)}.Lovelace@Example.ORG`, name: capital(id) }),
}[kind];
const method = kind === "strict" ? "client_secret_post" : "client_secret_basic";

const server = createServer();
server.listen(0, "127.0.0.1", () => {
  const origin = `http://127.0.0.1:${server.address().port}`;
  const address = origin + path;
  const provider = new Provider(address, {
    clients: [
      {
        client_id: "gateway",
        client_secret: "a secret / with & signs",
        redirect_uris: [redirectUri],
        grant_types: ["authorization_code"],
        response_types: ["code"],
        token_endpoint_auth_method: method,
      },
    ],
    clientAuthMethods: [method],
    claims: {
      openid: ["sub"],
      profile: ["preferred_username", "name"],
      email: ["email", "email_verified"],
    },
    conformIdTokenClaims: kind === "strict",
    findAccount: (_, id) => ({
      accountId: id,
      claims: () => ({ sub: `number-of-${id}`, ...claimsOf(id) }),
    }),
    pkce: { required: () => true },
  });
  const answer = provider.callback();
  server.on("request", (request, response) => {
    const url = request.url ?? "/";
    if (url.startsWith("/moved/")) {
      response.writeHead(302, { location: address + url.slice("/moved".length) }).end();
    } else if (url.startsWith("/common/")) {
      const issuer = `${origin}/{tenantid}/v2.0`;
      response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify({ issuer }));
    } else {
      request.originalUrl = url;
      if (url.startsWith(path)) request.url = url.slice(path.length);
      answer(request, response);
    }
  });
  console.log(address);
});
