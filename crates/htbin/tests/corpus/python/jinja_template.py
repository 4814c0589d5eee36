#!/usr/bin/python3
try:
    import jinja2
except ImportError:
    raise SystemExit(print("skip: no Jinja"))
template = jinja2.Environment(autoescape=True).from_string("{% for x in items %}<li>{{ x }}{% endfor %}")
print("Content-Type: text/html\n")
print(template.render(items=["a", "<b>"]))
