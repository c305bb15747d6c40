import { run } from './run.js'

/** Something that runs JavaScript, from the npm registry. */
export interface Runtime {
  readonly name: string
  /** As npm knows it. */
  readonly specifier: string
  /** Prints where its program is. */
  readonly where: string
  /** What comes before the script. */
  readonly args: readonly string[]
  /** Whether it runs TypeScript as it is. */
  readonly runsTypeScript: boolean
}

const node = (version: number, runsTypeScript: boolean): Runtime => ({
  name: `Node ${version}`,
  specifier: `node@${version}`,
  where: 'node --print process.execPath',
  args: [],
  runsTypeScript,
})

/** What the packages promise to run on. */
export const RUNTIMES: readonly Runtime[] = [
  node(20, false),
  node(22, true),
  node(24, true),
  node(26, true),
  {
    name: 'Bun',
    specifier: 'bun@1.4.5',
    where: 'bun --print process.execPath',
    args: [],
    runsTypeScript: true,
  },
  {
    name: 'Deno',
    specifier: 'deno@2.9.6',
    where: 'deno eval "console.log(Deno.execPath())"',
    args: ['run', '--allow-all', '--node-modules-dir=manual'],
    runsTypeScript: true,
  },
]

const programs = new Map<Runtime, Promise<string>>()

/** The path of a runtime's program, fetched when it is not there yet. */
export function programOf(runtime: Runtime): Promise<string> {
  const program = programs.get(runtime) ?? findProgram(runtime)
  programs.set(runtime, program)
  return program
}

async function findProgram({ specifier, where }: Runtime): Promise<string> {
  const quoted = where.replaceAll('"', '\\"')
  const command = `npx --yes --prefer-offline --loglevel=error --package=${specifier} -c "${quoted}"`
  const program = (await run(command)).trim().split('\n').at(-1)
  if (program === undefined || program === '') throw new Error(`${specifier} names no program`)
  return program
}
