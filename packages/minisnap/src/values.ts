export {
  MAX_DEPTH,
  type ObjectKind,
  describeObject,
  kindOf,
  memberPath,
} from './codec/state-values.js'
