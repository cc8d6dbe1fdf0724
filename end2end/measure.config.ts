// What is measured in a browser: the machine to itself, apart from the tests.
import { defineConfig } from "@playwright/test";

import tests from "./playwright.config.js";

export default defineConfig(tests, { testDir: "measure", workers: 1 });
