import importlib, importlib.metadata, sys
for name in sys.argv[1:]:
    try:
        found = importlib.metadata.distribution(name)
        tops = (found.read_text("top_level.txt") or "").split()
        if not tops:
            files = [file.parts for file in found.files or [] if file.suffix == ".py"]
            tops = sorted({parts[0].removesuffix(".py") for parts in files if ".." not in parts})
        for top in tops:
            if top.isidentifier():
                importlib.import_module(top)
    except BaseException as cause:
        print(name, type(cause).__name__, str(cause).replace("\n", " "), sep="\t")
