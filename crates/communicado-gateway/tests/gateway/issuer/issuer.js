// An OpenID Connect issuer on a free loopback port: node issuer.js REDIRECT_URI. It prints its
// address, and accepts any user name.
import { createServer } from "node:http";
import Provider from "oidc-provider";

const server = createServer();
server.listen(0, "127.0.0.1", () => {
  const address = `http://127.0.0.1:${server.address().port}`;
  const provider = new Provider(address, {
    clients: [
      {
        client_id: "gateway",
        client_secret: "a secret / with & signs",
        redirect_uris: [process.argv[2]],
        grant_types: ["authorization_code"],
        response_types: ["code"],
      },
    ],
    claims: { openid: ["sub"], profile: ["preferred_username"] },
    // The name is in the ID token itself, and not only in the userinfo response.
    conformIdTokenClaims: false,
    findAccount: (_, id) => ({
      accountId: id,
      claims: () => ({ sub: `number-of-${id}`, preferred_username: id }),
    }),
    pkce: { required: () => true },
  });
  server.on("request", provider.callback());
  console.log(address);
});
