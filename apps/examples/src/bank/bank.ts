// Accounts that may be overdrawn to a limit, and money that only moves.
import { type Immutable, defineState } from '@mini-rs/ministate'

export interface Account {
  balance: number
  /** How far below nothing the balance may go. */
  readonly overdraft: number
}

export interface Bank {
  readonly accounts: Map<string, Account>
  /** What was ever paid in: what all balances are together. */
  deposited: number
}

export interface Opening {
  readonly account: string
  readonly deposit: number
  readonly overdraft: number
}

export interface Transfer {
  /** Chosen by who asks for it, so that it is found again in the log. */
  readonly id: string
  readonly from: string
  readonly to: string
  readonly amount: number
}

const initial: Bank = { accounts: new Map(), deposited: 0 }

export const bank = defineState({
  initial,
  mutations: (m) => ({
    open: m((state, { account, deposit, overdraft }: Opening, context) => {
      if (state.accounts.has(account)) context.reject('ACCOUNT_EXISTS', account)
      state.accounts.set(account, { balance: deposit, overdraft })
      state.deposited += deposit
    }),
    transfer: m((state, { from, to, amount }: Transfer, context) => {
      const payer = state.accounts.get(from)
      const payee = state.accounts.get(to)
      if (payer === undefined) return context.reject('NO_SUCH_ACCOUNT', from)
      if (payee === undefined) return context.reject('NO_SUCH_ACCOUNT', to)
      if (!Number.isSafeInteger(amount) || amount <= 0) context.reject('BAD_AMOUNT', `${amount}`)
      if (payer.balance - amount < -payer.overdraft) {
        context.reject('OVERDRAWN', `${from} has ${payer.balance} and may owe ${payer.overdraft}`)
      }
      payer.balance -= amount
      payee.balance += amount
    }),
  }),
  // Also what no recipe has thought of: a transfer that makes or loses money is not logged.
  invariant: (state) => totalOf(state) === state.deposited || 'money was made or lost',
})

export type BankMutations = typeof bank.mutations

export function totalOf({ accounts }: Immutable<Bank>): number {
  let total = 0
  for (const { balance } of accounts.values()) total += balance
  return total
}

/** What is wrong with a state that anybody has seen; undefined for nothing. */
export function faultOf(state: Immutable<Bank>): string | undefined {
  const total = totalOf(state)
  if (total !== state.deposited) return `the total is ${total}, not ${state.deposited}`
  for (const [account, { balance, overdraft }] of state.accounts) {
    if (balance < -overdraft) return `${account} is at ${balance}, and its limit is ${-overdraft}`
  }
  return undefined
}
