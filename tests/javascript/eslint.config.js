import js from "@eslint/js";
import globals from "globals";

const rules = {
  "array-callback-return": "error",
  "consistent-return": "error",
  curly: ["error", "multi-line"],
  "default-case-last": "error",
  eqeqeq: "error",
  "max-lines": ["error", 300],
  "no-implicit-globals": "error",
  "no-loop-func": "error",
  "no-self-compare": "error",
  "no-unmodified-loop-condition": "error",
  "no-unused-expressions": ["error", { allowShortCircuit: true, allowTernary: true }],
  "no-use-before-define": ["error", { functions: false, classes: false }],
  "no-var": "error",
  "object-shorthand": "error",
  "prefer-const": "error",
  "prefer-template": "error",
  "require-await": "error",
  // text from outside is shown as text
  "no-restricted-properties": ["error", { property: "innerHTML" }, { property: "outerHTML" }, { property: "insertAdjacentHTML" }],
};

export default [
  js.configs.recommended,
  { files: ["ui/**/*.js"], languageOptions: { globals: globals.browser }, rules },
  {
    files: ["tests/**/*.js"],
    languageOptions: { globals: { ...globals.node, ...globals.browser } },
    rules: { ...rules, "max-lines": ["error", 300] },
  },
  { files: ["tests/browser/*.js"], rules: { "no-unused-expressions": "off" } }, // functions that a test gives to a page
];
