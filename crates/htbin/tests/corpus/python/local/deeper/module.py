def where():
    from .. import sibling
    return __name__, __package__, sibling.NAME
