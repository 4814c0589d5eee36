//! Cases 6, 8 and 9: WSGI applications, a Python without `cgi`, and one that is called otherwise.

use super::curl;
use crate::{
    server::{Server, Start},
    site::Site,
};

const WSGI: &str = "#!/usr/bin/python3
from wsgiref.handlers import CGIHandler
def app(environ, start_response):
    size = int(environ.get('CONTENT_LENGTH') or 0)
    body = environ['wsgi.input'].read(size)
    start_response('418 Short And Stout', [('Content-Type', 'text/plain'), ('X-Path', environ.get('PATH_INFO', ''))])
    return [environ['REQUEST_METHOD'].encode(), b' ', body]
CGIHandler().run(app)
";

const FLASK: &str = "#!/usr/bin/python3 -Wignore
from wsgiref.handlers import CGIHandler
from flask import Flask, request, redirect, url_for
app = Flask(__name__)
@app.route('/')
def index():
    return 'index of ' + request.script_root
@app.route('/item/<name>', methods=['GET', 'POST'])
def item(name):
    return {'name': name, 'form': request.form.get('colour'), 'query': request.args.get('q')}, 201
@app.route('/away')
def away():
    return redirect(url_for('item', name='x'))
CGIHandler().run(app)
";

const DJANGO: &str = "#!/usr/bin/python3 -Wignore
from wsgiref.handlers import CGIHandler
from django.conf import settings
settings.configure(ROOT_URLCONF=__name__, ALLOWED_HOSTS=['*'], SECRET_KEY='for a test')
from django.core.wsgi import get_wsgi_application
from django.http import HttpResponse, JsonResponse
from django.urls import path
def item(request, name):
    return JsonResponse({'name': name, 'method': request.method, 'form': request.POST.get('colour')}, status=201)
urlpatterns = [path('', lambda request: HttpResponse('index of ' + request.META['SCRIPT_NAME'])), path('item/<str:name>', item)]
CGIHandler().run(get_wsgi_application())
";

#[test]
fn case_6_a_wsgiref_application() {
    let site = Site::new().script("cgi-bin/app.py", WSGI);
    let server = Server::start(&site);
    let answer = curl(&["--include", "--data", "the body", &server.url("/cgi-bin/app.py/some/path")]);
    assert!(answer.starts_with("HTTP/1.1 418"), "{answer}");
    assert!(answer.contains("X-Path: /some/path") || answer.contains("x-path: /some/path"), "{answer}");
    assert!(answer.ends_with("POST the body"), "{answer}");
}

#[test]
fn case_6_a_flask_application() {
    let site = Site::new().script("cgi-bin/app.py", FLASK);
    let server = Server::start(&site);
    let url = |path: &str| server.url(&format!("/cgi-bin/app.py{path}"));
    assert_eq!(curl(&[&url("/")]), "index of /cgi-bin/app.py");
    let answer = curl(&["--include", "--data", "colour=red", &url("/item/caf%C3%A9%20x?q=1")]);
    assert!(answer.starts_with("HTTP/1.1 201"), "{answer}");
    let json: serde_json::Value = serde_json::from_str(answer.split("\r\n\r\n").nth(1).unwrap()).unwrap();
    assert_eq!(json, serde_json::json!({"name": "café x", "form": "red", "query": "1"}));
    assert!(curl(&["--include", &url("/missing")]).starts_with("HTTP/1.1 404"));
    let answer = curl(&["--include", &url("/away")]);
    assert!(answer.starts_with("HTTP/1.1 302") && answer.contains(": /cgi-bin/app.py/item/x"), "{answer}");
}

#[test]
fn case_6_a_django_application() {
    let site = Site::new().script("cgi-bin/app.py", DJANGO);
    let server = Server::start(&site);
    let url = |path: &str| server.url(&format!("/cgi-bin/app.py{path}"));
    assert_eq!(curl(&[&url("/")]), "index of /cgi-bin/app.py");
    let answer = curl(&["--include", &url("/item/one%20two")]);
    assert!(answer.starts_with("HTTP/1.1 201"), "{answer}");
    let json: serde_json::Value = serde_json::from_str(answer.split("\r\n\r\n").nth(1).unwrap()).unwrap();
    assert_eq!(json, serde_json::json!({"name": "one two", "method": "GET", "form": null}));
    assert!(curl(&["--include", &url("/missing")]).starts_with("HTTP/1.1 404"));
}

/// Case 8: `import cgi` on a Python that has none.
#[test]
fn case_8_python_without_cgi_says_what_is_missing() {
    ours_only!();
    let script = "#!/usr/bin/python3 -I
import sys
class Without:
    def find_spec(self, name, path=None, target=None):
        if name == 'cgi':
            raise ModuleNotFoundError(\"No module named 'cgi'\", name='cgi')
sys.meta_path.insert(0, Without())
import cgi
print('Content-Type: text/plain\\n')
";
    let site = Site::new().script("cgi-bin/old.py", script);
    let server = Server::start(&site);
    let answer = curl(&["--include", &server.url("/cgi-bin/old.py")]);
    assert!(answer.starts_with("HTTP/1.1 502"), "{answer}");
    assert!(answer.contains("No module named 'cgi'"), "the page on loopback: {answer}");
    let line = server.events.with("No module named 'cgi'");
    assert!(line.contains("/cgi-bin/old.py"), "{line}");
}

/// Case 9: `#!/usr/bin/env python` where there is only python3.
#[test]
fn case_9_a_python_of_another_name_is_told_and_cured() {
    ours_only!();
    let script = "#!/usr/bin/env python\nprint('Content-Type: text/plain\\n')\nprint('ran')\n";
    let site =
        Site::new().script("cgi-bin/x.py", script).directory("bin", 0o755).link("bin/python3", "/usr/bin/python3");
    let path = site.path("bin").to_str().unwrap().to_owned();
    let server = Start::new(&site).env("PATH", &path).go();
    let answer = curl(&["--include", &server.url("/cgi-bin/x.py")]);
    assert!(answer.starts_with("HTTP/1.1 502"), "{answer}");
    assert!(answer.contains("python"), "the page names it: {answer}");
    server.events.with("'python': No such file");

    let cured = Start::new(&site).env("PATH", &path).flags(&["--interpreter", ".py=python3"]).go();
    assert_eq!(curl(&[&cured.url("/cgi-bin/x.py")]), "ran\n");
}
