import os, sys, sysconfig
v = '.'.join(map(str, sys.version_info[:3]))
s = os.path.basename(sysconfig.get_path('stdlib'))
p = getattr(sys, 'platlibdir', 'lib')
sys.stdout.buffer.write(b'\0'.join(map(os.fsencode, (v, sys.base_prefix, s, p))))
