// Calls the gateway with the client of openapi-generator and with the types of openapi-typescript:
// node calls.js BASE TOKEN.
import assert from "node:assert/strict";
import createClient from "openapi-fetch";
import type { paths } from "./schema.js";
import { Configuration, DefaultApi, ResponseError, Status } from "./typescript/index.js";

const [base = "", token = ""] = process.argv.slice(2);
const note = "Zahnarzt, zurück um vier";
const forty_days = 40 * 24 * 3_600_000;

const api = new DefaultApi(new Configuration({ basePath: base, accessToken: token }));
await api.say({ person: "ada", manual: { status: "signed-out", note, forMs: forty_days } });
await api.publish({
  person: "ada",
  device: "phone",
  publish: { leaseMs: 60_000, clients: [{ client: "phone", status: Status.SignedIn }] },
});
const { people } = await api.people();
assert.deepEqual(people.map((person) => [person.id, person.note, person.status]), [["ada", note, "signed-out"]]);
await assert.rejects(api.person({ person: "nobody" }), (error) => error instanceof ResponseError && error.response.status === 404);

const client = createClient<paths>({ baseUrl: base, headers: { Authorization: `Bearer ${token}` } });
const said = await client.PUT("/v1/people/{person}/manual", {
  params: { path: { person: "ada" } },
  body: { status: "signed-in", availability: "busy", note },
});
assert.equal(said.response.status, 200);
const read = await client.GET("/v1/people/{person}", { params: { path: { person: "ada" } } });
assert.deepEqual([read.data?.status, read.data?.availability, read.data?.note], ["signed-in", "busy", note]);
const missing = await client.GET("/v1/people/{person}", { params: { path: { person: "nobody" } } });
assert.equal(missing.error?.status, 404);
