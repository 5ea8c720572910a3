# One image for all commands of docker-compose.yml: web, workers, beat, migrate, the simulator.
FROM python:3.11-slim

ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 \
    SCRM_DATA_DIR=/var/lib/scrm-data SCRM_STATIC_ROOT=/srv/static

WORKDIR /srv/scrm
COPY requirements/runtime.txt requirements/runtime.txt
RUN pip install --require-hashes -r requirements/runtime.txt

COPY . .
RUN useradd --system --uid 10001 --no-create-home scrm \
    && mkdir -p /srv/static /var/lib/scrm-data \
    && SCRM_BUILD=1 SECRET_KEY=build-only python manage.py collectstatic --no-input --verbosity 0 \
    && chown -R scrm /var/lib/scrm-data

USER scrm
EXPOSE 8000
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s CMD ["python", "-m", "scrm.healthcheck"]
CMD ["python", "-m", "granian", "--interface", "wsgi", "--host", "0.0.0.0", "--port", "8000", "--workers", "2", \
     "--blocking-threads", "4", "--blocking-threads-idle-timeout", "600", "--no-ws", "scrm.wsgi:application"]
