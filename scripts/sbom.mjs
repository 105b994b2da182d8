// One bill of materials (CycloneDX) from Maven's, npm's and the Java runtime: of what the package really holds.
// usage: node sbom.mjs MAVEN-SBOM NPM-SBOM FOLDER-OF-JARS JAVA-RELEASE-FILE VERSION
import { readFileSync, readdirSync } from 'node:fs'

const [maven, npm, jars, release, version] = process.argv.slice(2)
const read = (file) => JSON.parse(readFileSync(file, 'utf8'))
const packed = new Set(readdirSync(jars))
const java = Object.fromEntries(
  readFileSync(release, 'utf8')
    .trim()
    .split('\n')
    .map((line) => line.split('='))
    .map(([key, value]) => [key, value.replaceAll('"', '')]),
)

const libraries = read(maven).components.filter((c) => packed.has(`${c.name}-${c.version}.jar`))
const page = read(npm).components.map(({ properties, ...component }) => component)
const runtime = {
  type: 'framework',
  'bom-ref': 'java-runtime',
  name: 'OpenJDK',
  version: java.JAVA_RUNTIME_VERSION ?? java.JAVA_VERSION,
  supplier: { name: java.IMPLEMENTOR ?? 'OpenJDK' },
  licenses: [{ license: { id: 'GPL-2.0-with-classpath-exception' } }],
}
const missing = [...packed].filter(
  (file) => /-\d[^/]*\.jar$/.test(file) && !libraries.some((c) => `${c.name}-${c.version}.jar` === file),
)
if (missing.length > 0) throw new Error(`no component for ${missing.join(', ')}`)

const bill = {
  bomFormat: 'CycloneDX',
  specVersion: '1.6',
  version: 1,
  metadata: { component: { type: 'application', 'bom-ref': 'vnvme', name: 'vnvme', version } },
  components: [runtime, ...libraries, ...page].sort((a, b) => (a['bom-ref'] < b['bom-ref'] ? -1 : 1)),
}
console.log(JSON.stringify(bill, null, 1))
