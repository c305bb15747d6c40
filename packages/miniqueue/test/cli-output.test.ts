import { stripVTControlCharacters } from 'node:util'
import { describe, expect, it } from 'vitest'
import { fit, widthOf } from '../src/cli/output.js'

const BOLD = '\u001B[1m'
const RED = '\u001B[31m'
const PLAIN = '\u001B[0m'
const LINE = `${BOLD}job-1${PLAIN}  ${RED}attempts${PLAIN}  the disk is slow`

describe('a line on a terminal', () => {
  it.each([33, 80, Number.POSITIVE_INFINITY])('is left alone within %d columns', (columns) => {
    expect(widthOf(LINE)).toBe(33)
    expect(fit(LINE, columns)).toBe(LINE)
  })

  it.each([
    [32, 'job-1  attempts  the disk is sl…'],
    [17, 'job-1  attempts …'],
    [9, 'job-1  a…'],
    [6, 'job-1…'],
    [1, '…'],
  ])('is cut to %d columns, and says so', (columns, expected) => {
    const cut = fit(LINE, columns)
    expect(stripVTControlCharacters(cut)).toBe(expected)
    expect(widthOf(cut)).toBe(columns)
  })

  it('has the colours of what is left, and ends the last of them', () => {
    expect(fit(LINE, 9)).toBe(`${BOLD}job-1${PLAIN}  ${RED}a…${PLAIN}`)
  })
})
