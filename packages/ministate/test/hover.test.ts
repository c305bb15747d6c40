import { fileURLToPath } from 'node:url'
import ts from 'typescript'
import { describe, expect, it } from 'vitest'

const FOLDER = fileURLToPath(new URL('types/', import.meta.url))
const FILE = `${FOLDER}hover.mts`

/** As an editor does it: the language service, on a file that uses the package as it is built. */
function serve(): ts.LanguageService {
  const { config } = ts.readConfigFile(`${FOLDER}tsconfig.bundler.json`, ts.sys.readFile)
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, FOLDER)
  return ts.createLanguageService({
    ...ts.sys,
    useCaseSensitiveFileNames: () => ts.sys.useCaseSensitiveFileNames,
    getCompilationSettings: () => options,
    getScriptFileNames: () => [FILE],
    getScriptVersion: () => '1',
    getScriptSnapshot: (path) => {
      const text = ts.sys.readFile(path)
      return text === undefined ? undefined : ts.ScriptSnapshot.fromString(text)
    },
    getCurrentDirectory: () => FOLDER,
    getDefaultLibFileName: ts.getDefaultLibFilePath,
  })
}

const service = serve()
const text = ts.sys.readFile(FILE) ?? ''

function positionOf(place: string): number {
  const position = text.indexOf(place.replace('|', ''))
  if (position < 0) throw new Error(`${FILE} has no ${place}`)
  return position + place.indexOf('|')
}

function oneLine(shown: string): string {
  return shown.replaceAll(/\s+/g, ' ')
}

/** What an editor shows at the bar of `place`. */
function hover(place: string): string {
  const { displayParts } = service.getQuickInfoAtPosition(FILE, positionOf(place)) ?? {}
  return oneLine(ts.displayPartsToString(displayParts))
}

/** What an editor shows of the parameter that is typed at the bar of `place`. */
function parameterHelp(place: string): string {
  const help = service.getSignatureHelpItems(FILE, positionOf(place), {})
  const parameter = help?.items[0]?.parameters[help.argumentIndex]
  return oneLine(ts.displayPartsToString(parameter?.displayParts))
}

/** What an editor underlines on the line of `place`, and says about it. */
function errorsAt(place: string): readonly string[] {
  const start = positionOf(`|${place}`)
  const end = text.indexOf('\n', start)
  return service
    .getSemanticDiagnostics(FILE)
    .filter((error) => error.start !== undefined && error.start >= start && error.start < end)
    .map((error) => ts.flattenDiagnosticMessageText(error.messageText, '\n'))
}

/** Whatever the package uses to work its types out, nobody wants to read. */
const HELPERS = /InputOf|OutputOf|ResultOf|OnlyKey|MutationInput|Given|IsVoid|SchemaInput|SchemaOut/

describe('an editor', () => {
  it('shows what a recipe is given', () => {
    const state = '{ value: number; items: Item[]; }'
    expect(hover('inc: m((|state')).toBe(`(parameter) state: ${state}`)
    expect(hover('(state, |by: number')).toBe('(parameter) by: number')
    expect(hover('(|draft, payload)')).toBe(`(parameter) draft: ${state}`)
    expect(hover('(draft, |payload)')).toBe('(parameter) payload: { name: string; price: number; }')
  })

  it('shows what a call of do takes, and what it resolves to', () => {
    expect(hover('do.|inc')).toBe('(property) inc: (payload: number) => Promise<Done<number>>')
    expect(hover('do.|add')).toBe(
      '(property) add: (payload: { name: string; price: number; }) => Promise<Done<void>>',
    )
    expect(hover('do.|put')).toBe('(property) put: (payload: Item) => Promise<Done<undefined>>')
    expect(hover('do.|reset')).toBe('(property) reset: () => Promise<Done<undefined>>')
  })

  it('shows the mutations that apply takes', () => {
    const inc = '{ readonly inc: number; readonly add?: never; readonly put?: never;'
    expect(parameterHelp('apply({|')).toContain(`mutation: "reset" | ${inc}`)
    const shown = hover('manager.|apply({ inc: 1 })')
    expect(shown).toContain(`mutation: "reset" | ${inc}`)
    expect(shown).toContain('{ readonly add: { name: string; price: number; };')
    expect(shown).toContain('{ readonly put: Item;')
    expect(shown).not.toMatch(HELPERS)
    // The control: what is shown where a type has the name of a helper.
    expect(hover('|named')).toMatch(HELPERS)
  })

  it('completes the names of mutations, and of what is in their payloads', () => {
    const names = (place: string): readonly string[] =>
      service
        .getCompletionsAtPosition(FILE, positionOf(place), {})
        ?.entries.filter(({ sortText }) => sortText <= '12')
        .map(({ name }) => name)
        .toSorted() ?? []
    expect(names('apply({ |inc: 1')).toEqual(['add', 'inc', 'put', 'reset'])
    expect(names('manager.do.|inc')).toEqual(['add', 'inc', 'put', 'reset'])
    expect(names("add: { |name: 'a' }")).toEqual(['name', 'price'])
  })

  it('shows the state, read-only to the bottom', () => {
    const item = '{ readonly name: string; readonly price: number; }'
    const state = `{ readonly value: number; readonly items: readonly ${item}[]; }`
    expect(hover('manager.|state,')).toMatch(/state: \{.*\}$/)
    expect(hover('manager.|state,').endsWith(`.state: ${state}`)).toBe(true)
    expect(hover('manager.state.|items')).toBe(`(property) items: readonly ${item}[]`)
    expect(hover('update((|now)')).toBe(`(parameter) now: ${state}`)
  })

  it('shows what was applied, and narrows it by its name', () => {
    expect(hover("change.|name === 'add'")).toBe('(property) name: "inc" | "add" | "put" | "reset"')
    expect(hover('log(change.|payload')).toBe(
      '(property) payload: { name: string; price: number; }',
    )
    const any = 'number | Item | { name: string; price: number; } | null | undefined'
    expect(hover('entry.name, entry.|payload')).toBe(`(property) payload: ${any}`)
  })

  it('says what is wrong with a payload', () => {
    expect(errorsAt("await manager.apply({ inc: '1'")).toEqual([
      "Type 'string' is not assignable to type 'number'.",
    ])
    expect(errorsAt("await manager.apply({ add: { name: 'a' }")).toEqual([
      "Property 'price' is missing in type '{ name: string; }' but required in type '{ name: string; price: number; }'.",
    ])
    const [unknown = ''] = errorsAt('await manager.apply({ increment')
    expect(unknown).toContain("'increment' does not exist in type '{ readonly inc: number;")
    expect(unknown).not.toMatch(HELPERS)
    expect(errorsAt("await manager.do.put({ name: 'a', price: 1, ")).toEqual([
      "Object literal may only specify known properties, and 'currency' does not exist in type 'Item'.",
    ])
  })

  it('says what is wrong with a recipe', () => {
    const slow = errorsAt('slow: m(').join('\n')
    expect(slow).toContain(
      'a recipe must not be async: time, chance and I/O belong into the payload',
    )
    const maybe = errorsAt('maybe: m(').join('\n')
    expect(maybe).toContain(
      'a payload must not be undefined, which a line of JSON cannot carry: use null',
    )
    expect(errorsAt('bare: (').join('\n')).toContain("is not assignable to type 'MadeWithM'")
    expect(`${slow}${maybe}`).not.toMatch(HELPERS)
  })
})
