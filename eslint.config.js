import { defineConfig } from "eslint/config";
import tseslint from "typescript-eslint";

/** Rooms that are text in, data out: they know no clock and no chance. */
const PURE = ["src/spec/**", "src/servers/**", "src/plan/**", "src/render/**", "src/page/**"];

const noShell = [
  { selector: "Property[key.name='shell'][value.value=true]", message: "No shell: pass an argument list." },
  {
    selector:
      "ImportDeclaration[source.value=/^(node:)?child_process$/] ImportSpecifier[imported.name=/^exec(Sync)?$/]",
    message: "exec and execSync run a shell: use spawn or execFile.",
  },
];

const noClock = [
  {
    selector: "MemberExpression[object.name='Date'][property.name='now']",
    message: "A pure room has no clock.",
  },
  { selector: "NewExpression[callee.name='Date'][arguments.length=0]", message: "A pure room has no clock." },
  {
    selector: "MemberExpression[object.name='Math'][property.name='random']",
    message: "A pure room has no chance.",
  },
  { selector: "MemberExpression[object.name='performance']", message: "A pure room has no clock." },
  { selector: "MemberExpression[object.name='process']", message: "A pure room does not know the process." },
];

export default defineConfig(
  { ignores: ["build/", "node_modules/", "snapshots/"] },
  {
    rules: {
      eqeqeq: "error",
      "no-eval": "error",
      "no-implied-eval": "error",
      "no-new-func": "error",
      "no-restricted-syntax": ["error", ...noShell],
      "no-var": "error",
      "object-shorthand": "error",
      "prefer-const": "error",
      "max-lines-per-function": ["error", { max: 80, skipBlankLines: true, skipComments: true }],
    },
  },
  {
    files: ["**/*.{ts,tsx}"],
    extends: [tseslint.configs.recommendedTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      "@typescript-eslint/no-explicit-any": "error",
      "@typescript-eslint/no-floating-promises": "error",
      "@typescript-eslint/no-misused-promises": "error",
      "@typescript-eslint/await-thenable": "error",
      "@typescript-eslint/switch-exhaustiveness-check": [
        "error",
        { considerDefaultExhaustiveForUnions: true, requireDefaultForNonUnion: false },
      ],
      "@typescript-eslint/consistent-type-imports": "error",
      "@typescript-eslint/no-non-null-assertion": "error",
      "@typescript-eslint/only-throw-error": "error",
      "@typescript-eslint/prefer-readonly": "error",
      // a function that fulfils an asynchronous interface may have nothing to wait for
      "@typescript-eslint/require-await": "off",
      "@typescript-eslint/return-await": ["error", "in-try-catch"],
      "@typescript-eslint/no-unused-vars": ["error", { argsIgnorePattern: "^_", varsIgnorePattern: "^_" }],
    },
  },
  {
    // a test file is a list of tests inside describe(); node:test's own functions return promises that it awaits itself
    files: ["test/**/*.{ts,tsx}"],
    rules: {
      "max-lines-per-function": "off",
      "@typescript-eslint/no-floating-promises": [
        "error",
        {
          allowForKnownSafeCalls: [
            {
              from: "package",
              name: ["test", "it", "describe", "suite", "before", "after"],
              package: "node:test",
            },
          ],
        },
      ],
    },
  },
  { files: PURE, rules: { "no-restricted-syntax": ["error", ...noShell, ...noClock] } },
);
