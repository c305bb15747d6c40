export { TestQueues } from './test-queues.js'
export { VirtualClock } from './virtual-clock.js'
