import type { Theme } from 'vitepress'
import DefaultTheme from 'vitepress/theme'
import BarChart from '../components/BarChart.vue'
import ChangeList from '../components/ChangeList.vue'
import JobLife from '../components/JobLife.vue'
import ProofTables from '../components/ProofTables.vue'
import PullThePlug from '../components/PullThePlug.vue'
import RecoveryTable from '../components/RecoveryTable.vue'
import SealedLine from '../components/SealedLine.vue'
import SpeedTables from '../components/SpeedTables.vue'
import WritePath from '../components/WritePath.vue'
import './custom.css'

const COMPONENTS = {
  BarChart,
  ChangeList,
  JobLife,
  ProofTables,
  PullThePlug,
  RecoveryTable,
  SealedLine,
  SpeedTables,
  WritePath,
}

const theme: Theme = {
  extends: DefaultTheme,
  enhanceApp({ app }) {
    for (const [name, component] of Object.entries(COMPONENTS)) app.component(name, component)
  },
}

export default theme
