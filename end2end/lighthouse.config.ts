// Lighthouse's look at the pages: the machine to itself, apart from the tests.
import { defineConfig } from "@playwright/test";

import tests from "./playwright.config.js";

export default defineConfig(tests, { testDir: "lighthouse", workers: 1 });
