// Shrinks wasm modules for `cargo xtask site`: one process for many of them, as starting the optimizer takes longer than most
// of the page's parts keep it busy.
//
// Reads lines of JSON, {"module": PATH, "passes": [NAME…]}, and answers each with a line once the file is written: empty, or
// what went wrong. The pass "-Oz" stands for those that wasm-opt runs for it.
import { readFileSync, writeFileSync } from "node:fs";
import { createInterface } from "node:readline";

// Names of blocks, which it does not know, are stripped in the end anyway; it would warn of them for the largest parts.
for (const how of ["error", "warn"]) {
  const say = console[how].bind(console);
  console[how] = (...words) => {
    if (!String(words[0]).includes("unknown name subsection")) say(...words);
  };
}
// It takes hold of the console when it is loaded.
const { default: binaryen } = await import("binaryen");

const { Features } = binaryen;
// What the compiler emits beyond the first version of WebAssembly; every browser of the last years has it.
const FEATURES =
  Features.MVP | Features.BulkMemory | Features.BulkMemoryOpt | Features.CallIndirectOverlong | Features.MutableGlobals |
  Features.Multivalue | Features.NontrappingFPToInt | Features.ReferenceTypes | Features.SignExt;

binaryen.setOptimizeLevel(2);
binaryen.setShrinkLevel(2);
binaryen.setDebugInfo(false);
// Nothing lies at the lowest addresses: there the stack would end, and the compiler cannot say so.
binaryen.setLowMemoryUnused(true);

function optimize({ module: path, passes }) {
  const module = binaryen.readBinary(readFileSync(path));
  try {
    module.setFeatures(FEATURES);
    for (const pass of passes) {
      if (pass === "-Oz") module.optimize();
      else module.runPasses([pass]);
    }
    writeFileSync(path, module.emitBinary());
  } finally {
    module.dispose();
  }
}

for await (const line of createInterface({ input: process.stdin })) {
  let said = "";
  try {
    optimize(JSON.parse(line));
  } catch (error) {
    said = String(error).replace(/\s+/g, " ") || "an error without words";
  }
  console.log(said);
}
