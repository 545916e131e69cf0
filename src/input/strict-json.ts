/**
 * JSON as strictly as RFC 8259 allows it to be read, for everything that comes from outside.
 *
 * `JSON.parse` keeps the last of two equal keys, rounds `1e400` and `9007199254740993`, takes `2.0` for `2`
 * and passes lone surrogates on. Each of these lets two readers of one text see different requests, so each
 * is refused here, or kept as it was spelled.
 */
import { Refusal } from "./refusal.ts";

/** Containers may lie this deep in each other; one more refuses. */
const MAX_DEPTH = 64;

/** A number that is not a plain safe integer (`2.0`, `-0`, `1e3`, 2^53): kept as it was spelled. */
export class JsonNumber {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

export interface JsonObject {
  [key: string]: JsonValue;
}

/**
 * What objects are made of: nothing is inherited, so that `__proto__` and `constructor` are keys like any
 * other, and unlike `Object.create(null)` the engine keeps such objects in their fast form.
 */
class Bare {
  [key: string]: JsonValue;
}
Reflect.deleteProperty(Bare.prototype, "constructor");
Object.setPrototypeOf(Bare.prototype, null);

export type JsonValue = null | boolean | number | string | JsonNumber | JsonValue[] | JsonObject;

/** Whether a parsed value is an object: not an array, not `null`, not a {@link JsonNumber}. */
export function isJsonObject(value: JsonValue | undefined): value is JsonObject {
  return (
    typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof JsonNumber)
  );
}

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * Bytes as text.
 *
 * @throws Refusal `REQUEST_ENCODING` for what is not UTF-8 and for a byte order mark.
 */
export function decodeUtf8Strict(bytes: Uint8Array): string {
  let text: string;
  try {
    text = utf8.decode(bytes);
  } catch {
    throw new Refusal("REQUEST_ENCODING", "not UTF-8");
  }
  if (text.charCodeAt(0) === 0xfeff) throw new Refusal("REQUEST_ENCODING", "begins with a byte order mark");
  return text;
}

/**
 * One JSON text, whole.
 *
 * @throws Refusal `REQUEST_JSON` (grammar, trailing text, control characters, lone surrogates, escaped or
 *   raw), `REQUEST_DUPLICATE_KEY`, `REQUEST_TOO_DEEP`. Messages give the position, never the text.
 */
export function parseStrictJson(text: string): JsonValue {
  return readStrictJson(text).value;
}

/**
 * @property suspicious - whether it holds what other readers may read differently: a NUL, a number beyond a
 *   double, a string of more than {@link LONG_STRING} characters, keys included.
 */
export interface ReadJson {
  readonly value: JsonValue;
  readonly suspicious: boolean;
}

/**
 * The longest string inside a request. The largest that is legitimate is a raw transaction: 128 KiB is what EVM
 * nodes relay (geth's `txMaxSize`), 262,146 characters in hex; Bitcoin's standard rules end at 100 kB.
 */
export const LONG_STRING = 300_000;

/** As {@link parseStrictJson}; also says whether a closer look at the value is needed. */
export function readStrictJson(text: string): ReadJson {
  const parser = new Parser(text);
  return { value: parser.parse(), suspicious: parser.suspicious };
}

/** The value as JSON text without white space; a {@link JsonNumber} as it was spelled. */
export function stringifyJson(value: JsonValue): string {
  if (value instanceof JsonNumber) return value.text;
  if (Array.isArray(value)) return `[${value.map(stringifyJson).join(",")}]`;
  if (typeof value === "object" && value !== null) {
    const members = Object.keys(value).map(
      (key) => `${JSON.stringify(key)}:${stringifyJson(value[key] ?? null)}`,
    );
    return `{${members.join(",")}}`;
  }
  return JSON.stringify(value);
}

const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
const MINUS = 0x2d;
const POINT = 0x2e;
const ZERO = 0x30;
const NINE = 0x39;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;

/**
 * Whether a string in the text may be anything else than what stands between two quotes. The engine looks for
 * one character in a text many times faster than an expression looks for any of several.
 */
function isPlain(text: string): boolean {
  return !text.includes("\\") && text.isWellFormed() && !CONTROLS.some((control) => text.includes(control));
}
const CONTROLS = Array.from({ length: 0x20 }, (_, code) => String.fromCharCode(code));

/** Without any of these a piece of text is what it stands for. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
const SPECIAL = /[\u0000-\u001f\\\ud800-\udfff]/;

const NUL = "\u0000";

/** From a string's opening quote on: a quote after an even number of backslashes is the closing one. */
const STRING_END = /[^\\](?:\\\\)*"/g;

/** With the `u` flag a surrogate that is half of a pair does not match: only lone ones do. */
const LONE_SURROGATE = /[\ud800-\udfff]/u;

/** Keys seen before, each as the one string that the engine knows a member by: looking it up by its letters costs more. */
const keys = new Map<string, string>();
const MAX_KEYS = 4096;
const MAX_KEPT_KEY = 40;

function interned(key: string): string {
  const known = keys.get(key);
  if (known !== undefined) return known;
  if (key.length > MAX_KEPT_KEY) return key;
  if (keys.size >= MAX_KEYS) keys.clear();
  // A member's name stands alone; the slice of the text would keep the whole text in memory.
  const [own = key] = Object.keys({ [key]: null });
  keys.set(own, own);
  return own;
}

class Parser {
  readonly #text: string;
  readonly #plain: boolean;
  #at = 0;
  #depth = 0;
  suspicious = false;

  constructor(text: string) {
    this.#text = text;
    this.#plain = isPlain(text);
  }

  parse(): JsonValue {
    this.#skipSpace();
    const value = this.#value();
    this.#skipSpace();
    if (this.#at < this.#text.length) this.#fail("text after the JSON value");
    return value;
  }

  #fail(what: string): never {
    throw new Refusal("REQUEST_JSON", `not JSON: ${what} at character ${this.#at}`);
  }

  #skipSpace(): void {
    const text = this.#text;
    let at = this.#at;
    for (;;) {
      const code = text.charCodeAt(at);
      if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) break;
      at += 1;
    }
    this.#at = at;
  }

  #value(): JsonValue {
    const code = this.#text.charCodeAt(this.#at);
    if (code === QUOTE) return this.#string();
    if (code === OPEN_BRACE) return this.#object();
    if (code === OPEN_BRACKET) return this.#array();
    if (code === MINUS || (code >= ZERO && code <= NINE)) return this.#number();
    if (code === 0x74) return this.#word("true", true);
    if (code === 0x66) return this.#word("false", false);
    if (code === 0x6e) return this.#word("null", null);
    return this.#fail(Number.isNaN(code) ? "the text ends" : "unexpected character");
  }

  #word<T>(word: string, value: T): T {
    if (!this.#text.startsWith(word, this.#at)) this.#fail("unexpected character");
    this.#at += word.length;
    return value;
  }

  #enter(): void {
    this.#depth += 1;
    if (this.#depth > MAX_DEPTH) {
      throw new Refusal("REQUEST_TOO_DEEP", `JSON nested deeper than ${MAX_DEPTH}`);
    }
    this.#at += 1;
    this.#skipSpace();
  }

  /** After an element: true where another one follows, false where the container ends. */
  #another(end: number): boolean {
    this.#skipSpace();
    const code = this.#text.charCodeAt(this.#at);
    if (code !== COMMA && code !== end) this.#fail("a comma or an end is missing");
    this.#at += 1;
    if (code === COMMA) this.#skipSpace();
    else this.#depth -= 1;
    return code === COMMA;
  }

  #object(): JsonObject {
    const object: JsonObject = new Bare();
    this.#enter();
    if (this.#text.charCodeAt(this.#at) === CLOSE_BRACE) {
      this.#at += 1;
      this.#depth -= 1;
      return object;
    }
    do {
      if (this.#text.charCodeAt(this.#at) !== QUOTE) this.#fail("a key is missing");
      const key = interned(this.#string());
      if (object[key] !== undefined) {
        throw new Refusal(
          "REQUEST_DUPLICATE_KEY",
          `a key stands twice in one object, at character ${this.#at}`,
        );
      }
      this.#skipSpace();
      if (this.#text.charCodeAt(this.#at) !== COLON) this.#fail("a colon is missing");
      this.#at += 1;
      this.#skipSpace();
      object[key] = this.#value();
    } while (this.#another(CLOSE_BRACE));
    return object;
  }

  #array(): JsonValue[] {
    const array: JsonValue[] = [];
    this.#enter();
    if (this.#text.charCodeAt(this.#at) === CLOSE_BRACKET) {
      this.#at += 1;
      this.#depth -= 1;
      return array;
    }
    do {
      array.push(this.#value());
    } while (this.#another(CLOSE_BRACKET));
    return array;
  }

  #string(): string {
    const text = this.#text;
    const start = this.#at + 1;
    const quote = text.indexOf('"', start);
    if (quote < 0) this.#fail("a string does not end");
    if (quote - start > LONG_STRING) this.suspicious = true;
    if (this.#plain) {
      this.#at = quote + 1;
      return text.slice(start, quote);
    }
    const part = text.slice(start, quote);
    if (!SPECIAL.test(part)) {
      this.#at = quote + 1;
      return part;
    }
    return this.#specialString();
  }

  /** A string that has something, escapes, surrogates or what must not be there, before its first quote. */
  #specialString(): string {
    STRING_END.lastIndex = this.#at;
    if (!STRING_END.test(this.#text)) this.#fail("a string does not end");
    const end = STRING_END.lastIndex;
    const literal = this.#text.slice(this.#at, end);
    let value: unknown;
    try {
      // The engine's own reader knows the escapes and is fast; what it lets through is checked after it.
      value = JSON.parse(literal);
    } catch {
      return this.#fail("a bad escape or a control character in a string");
    }
    if (typeof value !== "string") return this.#fail("a bad string");
    // The literal too: a raw half and an escaped half would make a pair that the text itself does not hold.
    if (LONE_SURROGATE.test(value) || LONE_SURROGATE.test(literal)) return this.#fail("a lone surrogate");
    if (value.length > LONG_STRING || value.includes(NUL)) this.suspicious = true;
    this.#at = end;
    return value;
  }

  #digits(): number {
    const text = this.#text;
    const start = this.#at;
    let at = start;
    for (;;) {
      const code = text.charCodeAt(at);
      if (!(code >= ZERO && code <= NINE)) break;
      at += 1;
    }
    this.#at = at;
    if (at === start) this.#fail("a digit is missing");
    return at - start;
  }

  #number(): number | JsonNumber {
    const text = this.#text;
    const start = this.#at;
    if (text.charCodeAt(start) === MINUS) this.#at += 1;
    const leadingZero = text.charCodeAt(this.#at) === ZERO;
    const count = this.#digits();
    if (leadingZero && count > 1) this.#fail("a number with a leading zero");
    let plain = true;
    if (text.charCodeAt(this.#at) === POINT) {
      plain = false;
      this.#at += 1;
      this.#digits();
    }
    const exponent = text.charCodeAt(this.#at);
    if (exponent === 0x65 || exponent === 0x45) {
      plain = false;
      this.#at += 1;
      const sign = text.charCodeAt(this.#at);
      if (sign === 0x2b || sign === MINUS) this.#at += 1;
      this.#digits();
    }
    const spelled = text.slice(start, this.#at);
    if (plain && count <= 16 && spelled !== "-0") {
      const value = Number(spelled);
      if (Number.isSafeInteger(value)) return value;
    }
    if (!Number.isFinite(Number(spelled))) this.suspicious = true;
    return new JsonNumber(spelled);
  }
}
