// An MQTT broker: aedes, the one of Node-RED. Arguments: the folder of its modules, and a port.
import { createRequire } from 'node:module'
import { createServer } from 'node:net'

const [folder, port] = process.argv.slice(2)
const { Aedes } = createRequire(folder + '/')('aedes')
const broker = await Aedes.createBroker()
createServer(broker.handle).listen(Number(port), '127.0.0.1')
