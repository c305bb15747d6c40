import { type Check, type CheckSubject, runCheck } from '@mini-rs/testkit'

/** What is in memory needs no turn of the event loop; what is not through by then never will be. */
const MOST_TURNS = 50

/** The names of the checks that fail, or hang, which a test runner's time limit ends. */
export async function noticedBy<Subject extends CheckSubject>(
  checks: readonly Check<Subject>[],
  makeSubject: () => Promise<Subject>,
): Promise<string[]> {
  const noticed: string[] = []
  for (const check of checks) {
    if (await isNoticed(check, makeSubject)) noticed.push(check.name)
  }
  return noticed
}

function isNoticed<Subject extends CheckSubject>(
  check: Check<Subject>,
  makeSubject: () => Promise<Subject>,
): Promise<boolean> {
  const checking = runCheck(check, makeSubject).then(
    () => false,
    () => true,
  )
  return Promise.race([checking, turns().then(() => true)])
}

async function turns(): Promise<void> {
  for (let left = MOST_TURNS; left > 0; left--)
    await new Promise((resolve) => setImmediate(resolve))
}
