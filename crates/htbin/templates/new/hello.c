/*
 * A CGI script in C: a program that finds the request in its environment and on standard input, and prints the answer.
 * The server runs the program, not this text. Compile it after each change:
 *
 *     @COMPILE@
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FIELD_BYTES = 1024, BODY_BYTES_MAX = 1 << 20 };

static int digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

/* The value of a field in "name=Ada+L&color=%62lue", decoded; empty if it is not there, cut if it is too long. */
static void field(const char *fields, const char *name, char value[FIELD_BYTES])
{
    size_t length = strlen(name), used = 0;
    const char *at = fields;

    while (at && !(strncmp(at, name, length) == 0 && at[length] == '=')) {
        at = strchr(at, '&');
        at = at ? at + 1 : NULL;
    }
    at = at ? at + length + 1 : "";
    while (*at && *at != '&' && used + 1 < FIELD_BYTES) {
        if (*at == '%' && digit(at[1]) >= 0 && digit(at[2]) >= 0) {
            value[used++] = (char)(digit(at[1]) * 16 + digit(at[2]));
            at += 3;
        } else {
            value[used++] = *at == '+' ? ' ' : *at;
            at++;
        }
    }
    value[used] = '\0';
}

/* Whatever a stranger typed is escaped before it goes into a page: otherwise <script> would run there. */
static void print_escaped(const char *text)
{
    for (; *text; text++) {
        switch (*text) {
        case '&': fputs("&amp;", stdout); break;
        case '<': fputs("&lt;", stdout); break;
        case '>': fputs("&gt;", stdout); break;
        case '"': fputs("&quot;", stdout); break;
        default: putchar(*text);
        }
    }
}

/* A form with method=post comes on standard input: exactly CONTENT_LENGTH octets. */
static char *read_body(void)
{
    const char *text = getenv("CONTENT_LENGTH");
    unsigned long length = text ? strtoul(text, NULL, 10) : 0;
    char *body;

    if (length > BODY_BYTES_MAX)
        length = BODY_BYTES_MAX;
    body = calloc(length + 1, 1);
    if (body)
        body[fread(body, 1, length, stdin)] = '\0';
    return body;
}

int main(void)
{
    char name[FIELD_BYTES], message[FIELD_BYTES] = "";
    /* What stands behind the ? of the address is in QUERY_STRING. */
    const char *query = getenv("QUERY_STRING");
    const char *method = getenv("REQUEST_METHOD");

    field(query ? query : "", "name", name);
    if (method && strcmp(method, "POST") == 0) {
        char *body = read_body();
        field(body ? body : "", "message", message);
        free(body);
    }

    /* Standard error goes to the log of the server (and to the page that says why a script failed). */
    /* fprintf(stderr, "the name is %s\n", name); */

    /* First the head, line by line, then an empty line, then the body. */
    printf("Content-Type: text/html; charset=utf-8\n\n");
    printf("<!doctype html>\n<title>Hello</title>\n<h1>Hello, ");
    print_escaped(*name ? name : "world");
    printf("!</h1>\n<form>\n  <label>Your name <input name=\"name\" value=\"");
    print_escaped(name);
    printf("\"></label> <button>Greet</button>\n</form>\n");
    printf("<form method=\"post\">\n  <label>A message <input name=\"message\"></label> <button>Send</button>\n</form>\n");
    if (*message) {
        printf("<p>You wrote: ");
        print_escaped(message);
        printf("</p>\n");
    }
    return 0;
}
