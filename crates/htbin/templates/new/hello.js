#!/usr/bin/env node
// A CGI script: a program that finds the request in its environment and on standard input, and prints the answer.
// The server runs this file itself, so it needs the execute bit (chmod +x) and the first line above.

"use strict";
const fs = require("fs");

// Whatever a stranger typed is escaped before it goes into a page: otherwise <script> would run there.
function escape(text) {
  const marks = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };
  return text.replace(/[&<>"]/g, (mark) => marks[mark]);
}

// Exactly so many octets of standard input; a read may bring fewer than were asked for.
function readBody(length) {
  const body = Buffer.alloc(length);
  let used = 0;
  while (used < length) {
    const count = fs.readSync(0, body, used, length - used);
    if (count === 0) break;
    used += count;
  }
  return body.subarray(0, used);
}

// What stands behind the ? of the address is in QUERY_STRING: name=Ada&color=blue.
const name = new URLSearchParams(process.env.QUERY_STRING || "").get("name") || "";

// A form with method=post comes on standard input: CONTENT_LENGTH octets, in the same form as a query.
let message = "";
if (process.env.REQUEST_METHOD === "POST") {
  const body = readBody(Number(process.env.CONTENT_LENGTH) || 0);
  message = new URLSearchParams(body.toString()).get("message") || "";
}

// Standard error goes to the log of the server (and to the page that says why a script failed), not to the visitor.
// console.error("the name is", name);

// First the head, line by line, then an empty line, then the body.
console.log("Content-Type: text/html; charset=utf-8");
console.log();
console.log(`<!doctype html>
<title>Hello</title>
<h1>Hello, ${escape(name || "world")}!</h1>
<form>
  <label>Your name <input name="name" value="${escape(name)}"></label> <button>Greet</button>
</form>
<form method="post">
  <label>A message <input name="message"></label> <button>Send</button>
</form>`);
if (message) {
  console.log(`<p>You wrote: ${escape(message)}</p>`);
}
