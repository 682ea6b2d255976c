// Prints the JSON schema of each of the chart's values that values.ts types, without what describes it.
import { createGenerator } from "ts-json-schema-generator";

const { properties, definitions } = createGenerator({
  path: "values.ts",
  tsconfig: "tsconfig.json",
  type: "Values",
  expose: "none",
  topRef: false,
  skipTypeCheck: true,
  additionalProperties: false,
}).createSchema("Values");

// What is a field's name under "properties" stays, whatever it is called.
function bare(schema, isFields = false) {
  if (Array.isArray(schema)) return schema.map((each) => bare(each));
  if (typeof schema !== "object" || schema === null) return schema;
  const kept = Object.entries(schema).filter(([key]) => isFields || !["description", "format", "default"].includes(key));
  return Object.fromEntries(kept.map(([key, value]) => [key, bare(value, !isFields && key === "properties")]));
}

console.log(JSON.stringify({ properties: bare(properties), definitions: bare(definitions ?? {}, true) }));
