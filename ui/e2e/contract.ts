import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

/** What of a property the daemon's description says. */
interface Property {
  type?: string;
  items?: Property;
  $ref?: string;
}

export interface OpenApi {
  components: { schemas: Record<string, { properties?: Record<string, Property> }> };
}

/** The records of the page's API types that the daemon's description does not have so, one line each. */
export function differences(description: OpenApi): string[] {
  return ['types', 'hosts', 'migration', 'peers', 'qos', 'remote'].flatMap((name) =>
    differencesOf(`../src/api/${name}.ts`, description),
  );
}

function differencesOf(path: string, description: OpenApi): string[] {
  const file = fileURLToPath(new URL(path, import.meta.url));
  const source = ts.createSourceFile(file, readFileSync(file, 'utf8'), ts.ScriptTarget.Latest);
  const found: string[] = [];
  source.forEachChild((node) => {
    if (ts.isInterfaceDeclaration(node)) {
      const name = node.name.text;
      const known = description.components.schemas[name]?.properties;
      if (!known) {
        found.push(`${name} is not described`);
        return;
      }
      for (const member of node.members.filter(ts.isPropertySignature)) {
        const field = member.name.getText(source);
        const wanted = member.type?.getText(source) ?? '';
        const described = known[field];
        if (!described || !fits(wanted, described)) {
          found.push(`${name}.${field}: ${wanted} here, ${described ? JSON.stringify(described) : 'nothing'} there`);
        }
      }
    }
  });
  return found;
}

function fits(wanted: string, described: Property): boolean {
  switch (described.type) {
    case 'integer':
    case 'number':
      return wanted === 'number';
    case 'string':
    case 'boolean':
      return wanted === described.type;
    case 'array':
      return wanted.endsWith('[]') && described.items !== undefined && fits(wanted.slice(0, -2), described.items);
    default:
      return described.$ref !== undefined && wanted.replace(/^Partial<(\w+)>$/, '$1').length > 0;
  }
}
