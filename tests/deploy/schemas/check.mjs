// Reads [{where, kind, object}] from standard input and holds each object against the schema of its kind, which is made from the
// types of the packages: a field that they do not have is a problem, and so is a kind of kinds.ts that is not among the objects. Prints
// one line a problem.
import { readFileSync } from "node:fs";
import Ajv from "ajv";
import { createGenerator } from "ts-json-schema-generator";

const kinds = createGenerator({
  path: "kinds.ts",
  tsconfig: "tsconfig.json",
  type: "Kinds",
  expose: "none",
  topRef: false,
  skipTypeCheck: true,
  additionalProperties: false,
}).createSchema("Kinds");

const ajv = new Ajv.default({ allErrors: true, strict: false, validateFormats: false });
const validators = new Map();

function validatorOf(kind) {
  if (!validators.has(kind)) {
    const schema = kinds.properties[kind];
    validators.set(kind, schema && ajv.compile({ ...schema, definitions: kinds.definitions }));
  }
  return validators.get(kind);
}

function problems({ kind, object }) {
  const validate = validatorOf(kind);
  if (!validate) return [`there is no schema for ${kind}: add it to tests/deploy/schemas/kinds.ts`];
  if (validate(object)) return [];
  return validate.errors.map(({ instancePath, message, params }) =>
    `${instancePath || "/"} ${message}${params.additionalProperty ? `: ${params.additionalProperty}` : ""}`);
}

for (const each of JSON.parse(readFileSync(0, "utf8"))) {
  for (const problem of problems(each)) console.log(`${each.where}: ${problem}`);
}
// A kind that stays away would pass unseen, as all do where no case is found.
for (const kind of Object.keys(kinds.properties)) {
  if (!validators.has(kind)) console.log(`${kind}: no case has one`);
}
