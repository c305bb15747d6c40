import { DATE_SETTERS } from './freeze.js'

/** A Date of the state as a recipe sees it: a value, like a number. It is replaced, not changed. */
export class ReadonlyDate extends Date {}

for (const name of DATE_SETTERS) {
  Object.defineProperty(ReadonlyDate.prototype, name, {
    value: (): never => {
      throw new TypeError(`a Date of the state cannot be changed (${name}): assign a new one`)
    },
  })
}
