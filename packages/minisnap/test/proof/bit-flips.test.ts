import { proveRow } from '@mini-rs/testkit/vitest'
import { expect, it } from 'vitest'
import { bitFlips, damages, sampleDisk, silentDamage } from '../../proof/bit-flips.js'

proveRow(bitFlips)

it('without the seal, the same damage goes unnoticed', async () => {
  const { fileSystem, path } = await sampleDisk({ pretty: false })
  const text = fileSystem.get(path).toString()
  // As the Rust crate writes it: no seal, and nothing that says that there was one.
  const bare = text.replace(/"createdAt":"[^"]*",/, '').replace(/\t[\t ]+\n$/, '')
  const silent: string[] = []
  for (const { what, bytes } of damages(Buffer.from(bare))) {
    fileSystem.put(path, bytes)
    const found = await silentDamage(fileSystem, { pretty: false })
    if (found?.endsWith('is wrong') === true) silent.push(what)
  }
  expect(silent.length).toBeGreaterThan(100)
})
