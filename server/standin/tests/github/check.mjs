// Asks the stand-in of GitHub what the forge adapter asks, and holds every answer against GitHub's own description of its REST
// API: what it requires is there, what is there is of its type and has a name that it knows.
//
// usage: check.mjs BASE_URL DESCRIPTION. Prints each deviation and then `N passed, N failed`.
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { env, argv, exit } from "node:process";

// Installed beside the description, not beside this file.
const require = createRequire(`${env.GITHUB_DESCRIPTION_PACKAGES}/`);
const Ajv = require("ajv");
const addFormats = require("ajv-formats");

const [base, file] = argv.slice(2);
const description = JSON.parse(await readFile(file, "utf8"));

/** OpenAPI 3.0 as JSON Schema: what may be null, and no fields but those that are named. */
function translated(schema, isPart = false) {
  if (Array.isArray(schema)) return schema.map((item) => translated(item, isPart));
  if (schema === null || typeof schema !== "object") return schema;
  const whole = {};
  for (const [name, value] of Object.entries(schema)) {
    if (["example", "examples", "discriminator", "enum", "default", "required"].includes(name)) {
      if (["enum", "required"].includes(name)) whole[name] = value;
    } else if (name === "properties") {
      whole.properties = Object.fromEntries(Object.entries(value).map(([key, of]) => [key, translated(of)]));
    } else {
      // Fields of one part may be described in another.
      whole[name] = translated(value, ["allOf", "anyOf", "oneOf"].includes(name));
    }
  }
  const isOpen = isPart || schema.allOf || schema.anyOf || schema.oneOf || schema.additionalProperties !== undefined;
  if (schema.properties && !isOpen) whole.additionalProperties = false;
  // The description does not repeat in the list of values that there may be none.
  if (whole.nullable && whole.enum) whole.enum = [...whole.enum, null];
  if (!whole.nullable || whole.type) return whole;
  const { nullable: _, ...rest } = whole;
  return { anyOf: [{ type: "null" }, rest] };
}

const ajv = new Ajv({ strict: false, validateSchema: false, validateFormats: true, allErrors: true, logger: false });
addFormats(ajv);
const schemas = Object.fromEntries(
  Object.entries(description.components.schemas).map(([name, schema]) => [name, translated(schema)]),
);
ajv.addSchema({ $id: "github", components: { schemas } });

/** The validator of a path's answer with this status; errors that a path does not describe have the form of all. */
function validator(path, status) {
  const operation = description.paths[path]?.get;
  if (!operation) throw new Error(`GitHub has no GET ${path}`);
  let response = operation.responses[String(status)];
  if (response?.$ref) response = description.components.responses[response.$ref.split("/").pop()];
  const described = response?.content?.["application/json"]?.schema;
  if (!described && status < 400) throw new Error(`GitHub answers GET ${path} with no ${status}`);
  const schema = described ?? { $ref: "#/components/schemas/basic-error" };
  const absolute = JSON.parse(JSON.stringify(translated(schema)).replaceAll('"#/components', '"github#/components'));
  return ajv.compile(absolute);
}

const REPOSITORY = "/repos/{owner}/{repo}";
const PULL = `${REPOSITORY}/pulls/{pull_number}`;
const COMMIT = `${REPOSITORY}/commits/{ref}`;

const OUTCOMES = ["success", "failure", "neutral", "cancelled", "skipped", "timed_out", "action_required"];
const REVIEWS = ["APPROVED", "CHANGES_REQUESTED", "COMMENTED", "DISMISSED"].map((state) => ({ login: "bob", state }));
const PULLS = {
  1: {},
  2: { branch: "draft", draft: true, reviews: REVIEWS },
  3: { branch: "merged", merged: true, status: "success", check_runs: [{ status: "completed", conclusion: "success" }] },
  4: { branch: "closed", state: "closed", status: "failure" },
  5: {
    branch: "of-nobody",
    status: "pending",
    check_runs: [
      { status: "queued" },
      { status: "in_progress" },
      ...OUTCOMES.map((conclusion) => ({ status: "completed", conclusion })),
    ],
  },
};

async function put(path, body) {
  const answer = await fetch(`${base}${path}`, {
    method: "PUT",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  if (answer.status !== 204) throw new Error(`PUT ${path}: ${answer.status} ${await answer.text()}`);
}

async function get(path, token = "a-token") {
  const headers = { accept: "application/vnd.github+json" };
  if (token) headers.authorization = `Bearer ${token}`;
  const answer = await fetch(`${base}/api/v3${path}`, { headers });
  return { status: answer.status, body: await answer.json() };
}

for (const [number, pull] of Object.entries(PULLS)) await put(`/__github/repos/ada/greeter/pulls/${number}`, pull);

const checks = [];
/** An answer to `path`, which GitHub describes at `template`. */
function check(template, path, expected = 200, token = undefined) {
  checks.push({ name: `GET ${path}${expected === 200 ? "" : ` (${expected})`}`, template, path, expected, token });
}

check("/user", "/user");
check("/user", "/user", 401, "");
check(REPOSITORY, "/repos/ada/greeter");
check(REPOSITORY, "/repos/ada/nothing", 404);
check(REPOSITORY, "/repos/ada/greeter", 401, "");
for (const state of ["open", "closed", "all"]) check(`${REPOSITORY}/pulls`, `/repos/ada/greeter/pulls?state=${state}&per_page=100`);
check(`${REPOSITORY}/pulls`, "/repos/ada/greeter/pulls?state=all&head=ada:topic&sort=updated&direction=desc&per_page=1");
for (const number of Object.keys(PULLS)) {
  check(PULL, `/repos/ada/greeter/pulls/${number}`);
  check(`${PULL}/reviews`, `/repos/ada/greeter/pulls/${number}/reviews?per_page=100`);
}
check(PULL, "/repos/ada/greeter/pulls/77", 404);
for (const number of Object.keys(PULLS)) {
  const { body } = await get(`/repos/ada/greeter/pulls/${number}`);
  check(`${COMMIT}/check-runs`, `/repos/ada/greeter/commits/${body.head.sha}/check-runs?per_page=100`);
  check(`${COMMIT}/status`, `/repos/ada/greeter/commits/${body.head.sha}/status`);
}
check(`${COMMIT}/status`, `/repos/ada/greeter/commits/${"0".repeat(40)}/status`, 404);

let failed = 0;
for (const { name, template, path, expected, token } of checks) {
  try {
    const { status, body } = await get(path, token);
    if (status !== expected) throw new Error(`${status} in place of ${expected}`);
    const validate = validator(template, status);
    if (!validate(body)) {
      const lines = validate.errors.map(({ instancePath, message, params }) => {
        const more = params.additionalProperty ?? params.allowedValues ?? "";
        return `  ${instancePath || "/"} ${message} ${more}`;
      });
      throw new Error(`\n${[...new Set(lines)].slice(0, 60).join("\n")}`);
    }
  } catch (error) {
    failed += 1;
    console.log(`FAILED ${name}: ${error.message}`);
  }
}
console.log(`${checks.length - failed} passed, ${failed} failed`);
exit(failed ? 1 : 0);
