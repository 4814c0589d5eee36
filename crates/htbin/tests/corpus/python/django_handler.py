#!/usr/bin/python3 -Wignore
#: GET /hello/?name=Ada
#: POST /hello/ type=application/x-www-form-urlencoded data=name=Eve
#: GET /missing/
from wsgiref.handlers import CGIHandler

try:
    import django
    from django.conf import settings
except ImportError:
    raise SystemExit(print("skip: no Django"))
settings.configure(DEBUG=False, SECRET_KEY="x", ROOT_URLCONF=__name__, ALLOWED_HOSTS=["*"], MIDDLEWARE=[], LOGGING_CONFIG=None)

from django.core.wsgi import get_wsgi_application
from django.http import HttpResponse
from django.urls import path


def hello(request):
    return HttpResponse("Hello, " + (request.POST or request.GET)["name"])


urlpatterns = [path("hello/", hello)]
CGIHandler().run(get_wsgi_application())
