(() => {
  const own = document.currentScript;
  let at = own.dataset.htbinLive, source, timer;
  own.remove();
  const imports = sheet => { try { return [...sheet.cssRules].some(rule => rule instanceof CSSImportRule) } catch { return false } };
  const restyle = () => {
    const links = [...document.querySelectorAll('link[rel~="stylesheet"][href]')].filter(link => link.href.startsWith(location.origin + "/"));
    if (!links.length || [...document.styleSheets].some(imports)) return location.reload();
    for (const link of links) {
      const url = new URL(link.href), fresh = link.cloneNode();
      url.searchParams.set("htbin-live", at);
      fresh.href = url;
      fresh.onload = fresh.onerror = () => link.remove();
      link.after(fresh);
    }
  };
  const close = () => { clearTimeout(timer); source?.close(); source = null };
  const listen = () => {
    close();
    source = new EventSource(location.origin + "/.htbin/live?at=" + at);
    source.addEventListener("reload", () => { close(); location.reload() });
    source.addEventListener("style", event => { at = event.lastEventId; restyle() });
    source.onerror = () => { if (source?.readyState === 2) timer = setTimeout(listen, 3000) };
  };
  addEventListener("visibilitychange", () => document.hidden ? close() : listen());
  addEventListener("pagehide", close);
  addEventListener("pageshow", event => event.persisted && listen());
  if (!document.hidden) listen();
})()