#!/usr/bin/env ruby
# A CGI script: a program that finds the request in its environment and on standard input, and prints the answer.
# The server runs this file itself, so it needs the execute bit (chmod +x) and the first line above.

require "erb"
require "uri"

# "name=Ada+L&color=%62lue" becomes {"name" => "Ada L", "color" => "blue"}. Forms and queries come encoded like that.
def fields(encoded)
  URI.decode_www_form(encoded.to_s.dup.force_encoding("UTF-8").scrub).to_h.transform_values(&:scrub)
rescue ArgumentError
  {}
end

# Whatever a stranger typed is escaped before it goes into a page: otherwise <script> would run there.
def escape(text)
  ERB::Util.html_escape(text)
end

# What stands behind the ? of the address is in QUERY_STRING.
name = fields(ENV["QUERY_STRING"])["name"].to_s

# A form with method=post comes on standard input: exactly CONTENT_LENGTH octets.
message = ""
if ENV["REQUEST_METHOD"] == "POST"
  body = $stdin.binmode.read(ENV["CONTENT_LENGTH"].to_i)
  message = fields(body)["message"].to_s
end

# Standard error goes to the log of the server (and to the page that says why a script failed), not to the visitor.
# warn "the name is #{name}"

# First the head, line by line, then an empty line, then the body.
puts "Content-Type: text/html; charset=utf-8"
puts
puts <<~END
  <!doctype html>
  <title>Hello</title>
  <h1>Hello, #{escape(name.empty? ? "world" : name)}!</h1>
  <form>
    <label>Your name <input name="name" value="#{escape(name)}"></label> <button>Greet</button>
  </form>
  <form method="post">
    <label>A message <input name="message"></label> <button>Send</button>
  </form>
END
puts "<p>You wrote: #{escape(message)}</p>" unless message.empty?
