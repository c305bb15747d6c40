import { logConformance } from '@mini-rs/testkit'
import { memorySubject } from './support/memory-subject.js'

for (const seed of [1, 2, 3, 4, 5])
  logConformance(`MemoryLog with seed ${seed}`, () => memorySubject(seed))
