// Imported first by programs that call their folders by short names: they run in the folder that they were
// given, or in a new temporary one.
import { exampleFolder } from './folder.js'

process.chdir(await exampleFolder())
