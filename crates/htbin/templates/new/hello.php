#!/usr/bin/env php-cgi
<?php
// A CGI script: a program that finds the request in its environment and on standard input, and prints the answer.
// The server runs this file itself, so it needs the execute bit (chmod +x) and the first line above. php-cgi knows CGI
// (plain php does not): it reads the request and prints the head by itself.

// What stands behind the ? of the address is in $_GET, from QUERY_STRING.
$name = $_GET['name'] ?? '';

// A form with method=post is in $_POST: php-cgi has read CONTENT_LENGTH octets of standard input. For anything but a
// form there is file_get_contents('php://input').
$message = $_POST['message'] ?? '';

// A field may come as an array (name[]=…), which is no text.
$name = is_string($name) ? $name : '';
$message = is_string($message) ? $message : '';

// Standard error goes to the log of the server (and to the page that says why a script failed), not to the visitor.
// error_log("the name is $name");

// A line of the head; php-cgi ends the head with an empty line before the first word of the body.
header('Content-Type: text/html; charset=utf-8');

// Whatever a stranger typed goes through this: otherwise <script> would run in the page.
function escape(string $text): string
{
    return htmlspecialchars($text, ENT_QUOTES | ENT_SUBSTITUTE, 'UTF-8');
}
?>
<!doctype html>
<title>Hello</title>
<h1>Hello, <?= escape($name !== '' ? $name : 'world') ?>!</h1>
<form>
  <label>Your name <input name="name" value="<?= escape($name) ?>"></label> <button>Greet</button>
</form>
<form method="post">
  <label>A message <input name="message"></label> <button>Send</button>
</form>
<?php if ($message !== '') { ?>
<p>You wrote: <?= escape($message) ?></p>
<?php } ?>
