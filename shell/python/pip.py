import os, site, sys
places = [''] + os.environ.get('PYTHONPATH', '').split(os.pathsep)
away = {os.path.abspath(place) for place in places} - set(site.getsitepackages())
sys.path[:] = [place for place in sys.path if os.path.abspath(place) not in away]
import runpy
runpy.run_module('pip', run_name='__main__', alter_sys=True)
