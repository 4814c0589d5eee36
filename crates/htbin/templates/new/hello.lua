#!/usr/bin/env lua
-- A CGI script: a program that finds the request in its environment and on standard input, and prints the answer.
-- The server runs this file itself, so it needs the execute bit (chmod +x) and the first line above.

-- "%41+b" becomes "A b". Forms and queries come encoded like that.
local function decode(text)
  text = text:gsub("+", " ")
  return (text:gsub("%%(%x%x)", function(digits) return string.char(tonumber(digits, 16)) end))
end

-- "name=Ada&color=blue" becomes {name = "Ada", color = "blue"}.
local function fields(encoded)
  local found = {}
  for name, value in (encoded or ""):gmatch("([^&=]+)=([^&]*)") do
    found[decode(name)] = found[decode(name)] or decode(value)
  end
  return found
end

-- Whatever a stranger typed is escaped before it goes into a page: otherwise <script> would run there.
local function escape(text)
  local marks = { ["&"] = "&amp;", ["<"] = "&lt;", [">"] = "&gt;", ['"'] = "&quot;" }
  return (text:gsub('[&<>"]', marks))
end

-- What stands behind the ? of the address is in QUERY_STRING.
local name = fields(os.getenv("QUERY_STRING")).name or ""

-- A form with method=post comes on standard input: exactly CONTENT_LENGTH octets.
local message = ""
if os.getenv("REQUEST_METHOD") == "POST" then
  local body = io.read(tonumber(os.getenv("CONTENT_LENGTH")) or 0)
  message = fields(body).message or ""
end

-- Standard error goes to the log of the server (and to the page that says why a script failed), not to the visitor.
-- io.stderr:write("the name is ", name, "\n")

-- First the head, line by line, then an empty line, then the body.
print("Content-Type: text/html; charset=utf-8")
print()
print("<!doctype html>\n<title>Hello</title>")
print("<h1>Hello, " .. escape(name ~= "" and name or "world") .. "!</h1>")
print('<form>\n  <label>Your name <input name="name" value="' .. escape(name) .. '"></label> <button>Greet</button>')
print('</form>\n<form method="post">\n  <label>A message <input name="message"></label> <button>Send</button>\n</form>')
if message ~= "" then
  print("<p>You wrote: " .. escape(message) .. "</p>")
end
