// A receiver of webhooks, with the libraries standardwebhooks and cloudevents. Arguments: the folder of
// its modules, a port, and a secret. Each request is a line of JSON on the output.
import { createRequire } from 'node:module'
import { createServer } from 'node:http'

const [folder, port, secret] = process.argv.slice(2)
const require = createRequire(folder + '/')
const { Webhook } = require('standardwebhooks')
const { HTTP } = require('cloudevents')

function attempt (work) {
  try {
    return [work(), null]
  } catch (error) {
    return [null, String(error)]
  }
}

createServer((request, response) => {
  const chunks = []
  request.on('data', chunk => chunks.push(chunk))
  request.on('end', () => {
    const { headers, method, url: path } = request
    const text = Buffer.concat(chunks).toString()
    const [, refusal] = attempt(() => new Webhook(secret).verify(text, headers))
    const [event, eventError] = attempt(() => {
      const event = HTTP.toEvent({ headers, body: text })
      event.validate()
      return event.toJSON()
    })
    console.log(JSON.stringify({ method, path, headers, text, refusal, event, event_error: eventError }))
    response.writeHead(refusal ? 401 : 204).end()
  })
}).listen(Number(port), '127.0.0.1')
