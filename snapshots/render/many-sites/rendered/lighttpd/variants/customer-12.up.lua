do -- fence variant=up generation=0 site=customer-12 (generated, do not edit)
end
