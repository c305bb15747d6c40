// Imported before the packages: what they take for granted of Node.js.
import { Buffer } from 'buffer/'

Object.assign(globalThis, { Buffer })
