// Publishes what teams-for-linux publishes, in the order of a recorded trace. It is not
// teams-for-linux, which no registry of Node has. The client of the broker is npm's `mqtt`, as there.
//
// Arguments: the folder of its modules, and the URL of the broker. A line of the input is a topic
// and a payload, such as `in-call true`, or `status busy 2`, or `quit`. Each is answered when the
// broker has it.
import { createRequire } from 'node:module'
import { createInterface } from 'node:readline'

const [folder, broker] = process.argv.slice(2)
const mqtt = createRequire(folder + '/')('mqtt')
const client = mqtt.connect(broker, {
  clientId: 'teams-for-linux',
  reconnectPeriod: 200,
  will: { topic: 'teams/connected', payload: 'false', qos: 0, retain: true }
})
const publish = (topic, payload) =>
  client.publishAsync('teams/' + topic, payload, { qos: 1, retain: true })
client.on('error', () => {})
client.on('connect', async () => {
  await publish('connected', 'true')
  console.log('connected')
})
for await (const line of createInterface({ input: process.stdin })) {
  const [topic, value, code] = line.split(' ')
  if (topic === 'quit') {
    await publish('connected', 'false')
    break
  }
  const status = {
    status: value,
    statusCode: Number(code),
    timestamp: new Date().toISOString(),
    clientId: 'teams-for-linux'
  }
  await publish(topic, code ? JSON.stringify(status) : value)
  console.log(line)
}
await client.endAsync()
process.exit(0)
