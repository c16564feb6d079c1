/** As much of a browser as the tests in this folder need. */
import { mock } from "node:test";

/** What listens and is told; Node's own EventTarget forgets to remove listeners of the capture phase. */
export class Target {
  listeners = new Map();

  addEventListener(type, listener) {
    this.listeners.set(type, [...(this.listeners.get(type) ?? []), listener]);
  }

  removeEventListener(type, listener) {
    this.listeners.set(type, (this.listeners.get(type) ?? []).filter((other) => other !== listener));
  }

  dispatchEvent(event) {
    for (const listener of this.listeners.get(event.type) ?? []) listener(event);
  }

  get count() {
    return [...this.listeners.values()].flat().length;
  }
}

/** As much of an element as the rules of keys look at: a tag, attributes and what is around it. */
export class FakeElement {
  dataset = {};
  textContent = "";

  constructor(tag, attributes = {}, parent = null) {
    Object.assign(this, { tag, attributes, parent });
  }

  setAttribute(name, value) {
    this.attributes[name] = value;
  }

  append() {}

  matches(selectors) {
    return selectors.split(", ").some((selector) => this.fits(selector));
  }

  fits(selector) {
    const [, tag, rest] = selector.match(/^([a-z]*)(.*)$/);
    if (tag && tag !== this.tag) return false;
    for (const [, not, name, value, className] of rest.matchAll(/(:not\()?(?:\[([\w-]+)=([\w-]+)\]|\.([\w-]+))\)?/g)) {
      const found = className ? this.attributes.class === className : this.attributes[name] === value;
      if (found === Boolean(not)) return false;
    }
    return true;
  }

  closest(selectors) {
    return this.matches(selectors) ? this : this.parent?.closest(selectors) ?? null;
  }
}

/** Put these names where a browser has them; returns what takes them away again. */
export function install(names) {
  const before = Object.keys(names).map((name) => [name, Object.getOwnPropertyDescriptor(globalThis, name)]);
  for (const [name, value] of Object.entries(names)) Object.defineProperty(globalThis, name, { value, configurable: true, writable: true });
  return () => {
    for (const [name, descriptor] of before) {
      if (descriptor) Object.defineProperty(globalThis, name, descriptor);
      else delete globalThis[name];
    }
  };
}

/** Let mocked time pass, in small steps: the clock shows the end of a step to all that happens in it. */
export function pass(milliseconds) {
  for (let left = milliseconds; left > 0; left -= 10) mock.timers.tick(Math.min(10, left));
}

/** Let everything that was promised happen. */
export const promises = async () => {
  for (let i = 0; i < 20; i++) await Promise.resolve();
};
